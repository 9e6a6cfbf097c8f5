# house.bash: what the tests of this folder share.
# NFOLD_SOURCE_ROOT, NFOLD_BUILD_ROOT and NFOLD_PREFIX come from meson.build.

# Installs the build below FOLDER, which is not the prefix that it was configured for, and sets
# `tree` to what would be the prefix: every test of such a tree is a test of a moved one.
install_tree() { # install_tree FOLDER
    "$NFOLD_SOURCE_ROOT/tools/meson" install -C "$NFOLD_BUILD_ROOT" --no-rebuild --quiet \
        --destdir "$1"
    tree=$1$NFOLD_PREFIX
}

# A copy of the source without build folders and version control, as one gets it from an archive.
copy_source() { # copy_source FOLDER
    mkdir -p "$1"
    tar -C "$NFOLD_SOURCE_ROOT" --exclude='./build*' --exclude=./.git --exclude=./.venv \
        --exclude=__pycache__ -cf - . | tar -C "$1" -xf -
}

# A folder of links to every system command but those named.
commands_without() { # commands_without FOLDER NAME...
    local folder=$1 path
    local -A paths=()
    shift
    for path in /usr/sbin/* /sbin/* /usr/bin/* /bin/*; do
        [[ " $* " == *" ${path##*/} "* ]] || paths[${path##*/}]=$path
    done
    mkdir -p "$folder"
    ln -s -t "$folder" "${paths[@]}"
}
