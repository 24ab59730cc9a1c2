# A gate whose answer comes from outside: the test says red to the first container and green to the next.
for _ in $(seq 600); do
    [ -s /tmp/answer ] && break
    sleep 0.1
done
echo "the answer is $(cat /tmp/answer)"
grep -q green /tmp/answer
