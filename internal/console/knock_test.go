package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

// knock tries a wrong password from the address and returns the status of the answer.
func (f *fixture) knock(t *testing.T, address, email string) int {
	t.Helper()
	form := url.Values{"email": {email}, "password": {"a wrong one"}}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, loginPath, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", address)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, req)
	return w.Code
}

// failedLogins returns how many entries of the audit log tell of failed logins, and what those say that stand for several.
func (f *fixture) failedLogins(t *testing.T) (single int, several []string) {
	t.Helper()
	list, err := f.store.ListAudit(t.Context(), clientele.AuditFilter{Limit: clientele.MaxPage})
	check(t, err)
	for _, e := range list {
		if e.Action == "login_failed" && e.Subject == "" {
			single++
		} else if e.Action == "login_failed" {
			several = append(several, e.Subject)
		}
	}
	return single, several
}

// TestLogin_OneAddressFillsNoAuditLog: whether or not somebody has the name.
func TestLogin_OneAddressFillsNoAuditLog(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, viewer)
		for i := range knocksWritten + 2 {
			if got := f.knock(t, "198.51.100.9", fmt.Sprintf("made-up-%d@example.com", i)); got != http.StatusUnauthorized {
				t.Fatalf("wrong login %d: %d", i+1, got)
			}
		}
		f.knock(t, "198.51.100.9", b.email)
		f.knock(t, "192.0.2.7", b.email)
		f.auditKnocks(3) // as the end of the minute does
		if single, several := f.failedLogins(t); single != knocksWritten+1 || !slices.Equal(several, []string{"and 3 more"}) {
			t.Errorf("%d entries, and %q; want %d, and one for the others", single, several, knocksWritten+1)
		}
		f.as(t, owner).get("/console/audit").want(http.StatusOK).has("and 3 more")
	})
}

// TestKnocks_TellOfTheRest at the end of each address's minute, and count addresses beyond the bound as one.
func TestKnocks_TellOfTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k knocks
		told := make(chan int, 10)
		knock := func(address string, times int) (written int) {
			from := netip.PrefixFrom(netip.MustParseAddr(address), 32)
			for range times {
				if k.isWritten(from, func(more int) { told <- more }) {
					written++
				}
			}
			return written
		}
		remembered := func() int {
			k.mu.Lock()
			defer k.mu.Unlock()
			return len(k.of)
		}
		want := func(what string, got, want int) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %d, want %d", what, got, want)
			}
		}
		want("of 20", knock("198.51.100.9", 20), knocksWritten)
		want("of as many as are written", knock("192.0.2.7", knocksWritten), knocksWritten)
		time.Sleep(knockWindow) // of the bubble's clock
		synctest.Wait()
		want("told of", len(told), 1)
		want("more than were written", <-told, 20-knocksWritten)
		want("a minute later", knock("198.51.100.9", 1), 1)
		for i := range maxKnocking - 1 {
			knock(fmt.Sprintf("10.0.0.%d", i), 1)
		}
		want("of addresses beyond the bound", knock("10.0.1.1", 3)+knock("10.0.1.2", 3), knocksWritten)
		want("remembered", remembered(), maxKnocking+1)
		time.Sleep(knockWindow)
		synctest.Wait()
		want("of theirs", <-told, 1)
		want("remembered afterwards", remembered(), 0)
	})
}
