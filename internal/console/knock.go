package console

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"clientele"
	"clientele/internal/access"
)

// What failed logins write into the audit log, whatever name was tried: the time until an answer must not tell who exists.
const (
	// knockWindow begins with the first failed login of an address.
	knockWindow = time.Minute
	// knocksWritten get an entry each: as many as lock a name, so that what is tried at one name is seen try by try. The rest of
	// the window gets one entry for all.
	knocksWritten = 5
	// maxKnocking is how many addresses are told apart in a window; all others are counted as one.
	maxKnocking = 100
)

// knocks counts failed logins by the origin of their calls. The zero value is ready.
type knocks struct {
	mu sync.Mutex
	of map[netip.Prefix]int
}

// isWritten counts a failed login, and reports whether it gets an entry of its own. At the end of the window tell is called
// with how many got none, unless that is 0.
func (k *knocks) isWritten(from netip.Prefix, tell func(more int)) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[netip.Prefix]int{}
	}
	if _, known := k.of[from]; !known && len(k.of) >= maxKnocking {
		from = netip.Prefix{}
	}
	if _, known := k.of[from]; !known {
		time.AfterFunc(knockWindow, func() {
			if more := k.forget(from) - knocksWritten; more > 0 {
				tell(more)
			}
		})
	}
	k.of[from]++
	return k.of[from] <= knocksWritten
}

// forget ends the window of an origin and returns how many failed logins it had.
func (k *knocks) forget(from netip.Prefix) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.of[from]
	delete(k.of, from)
	return n
}

// auditKnock writes an entry for a failed login, unless there were too many from its address.
func (c *Console) auditKnock(r *request) error {
	if !c.knocks.isWritten(access.Origin(r.Context()), c.auditKnocks) {
		return nil
	}
	return r.audit("login_failed", "")
}

// auditKnocks writes one entry for failed logins that got none of their own.
func (c *Console) auditKnocks(more int) {
	err := c.appendAudit(context.Background(), clientele.AuditEntry{Action: "login_failed", Subject: fmt.Sprintf("and %d more", more)})
	if err != nil {
		c.Log.Error("failed logins cannot be written into the audit log", "logins", more, "cause", err.Error())
	}
}
