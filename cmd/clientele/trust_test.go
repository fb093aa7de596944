package main

import (
	"fmt"
	"net/http"
)

// believeLoopback makes a server believe tests about where a call comes from: who shows 60 unknown keys in a minute from one
// address is not heard any more (docs/decisions/0012), and that is not what they are about.
const believeLoopback = "--trusted-proxy=127.0.0.0/8"

// comesFrom says that a request comes from the nth of many addresses.
func comesFrom(r *http.Request, n int) {
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
}
