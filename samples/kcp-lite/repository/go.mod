module example.com/kcp-lite

go 1.19
