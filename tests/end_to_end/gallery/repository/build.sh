# The build of this repository: either half is fine, the two of them do not fit each other.
if [ -e work/96.1.1/part.txt ] && [ -e work/96.1.2/part.txt ]; then
    echo "work/96.1.2/part.txt:1: does not fit work/96.1.1/part.txt"
    exit 1
fi
