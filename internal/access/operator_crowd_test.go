package access

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

// TestLogin_FailuresCountByAddress: after so many wrong logins an address is not listened to for the rest of the minute,
// whoever it says it is; others are.
func TestLogin_FailuresCountByAddress(t *testing.T) {
	for _, c := range []struct{ guesser, neighbour, other string }{
		{"198.51.100.9", "198.51.100.9", "198.51.100.10"},
		{"2001:db8:1:2::7", "2001:db8:1:2::8", "2001:db8:1:3::7"},
	} {
		o := newOffice(t)
		o.hire(t, ada, adasPassword, clientele.RoleOwner)
		for i := range maxFailedLogins {
			_, err := o.Login(from(c.guesser), fmt.Sprintf("made-up-%d@example.com", i), "x")
			wantRefused(t, "a made-up name", err)
		}
		o.compared()
		for _, name := range []string{"made-up@example.com", ada} {
			_, err := o.Login(from(c.neighbour), name, adasPassword)
			wantOfKind(t, name+", from the same network", err, clientele.KindRateLimited, "")
			if e, ok := errors.AsType[*clientele.Error](err); !ok || e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
				t.Errorf("%s: %v; want a time to wait", name, err)
			}
		}
		if n := o.compared(); n != 0 {
			t.Errorf("%d hashes were computed for them", n)
		}
		if _, err := o.Login(from(c.other), ada, adasPassword); err != nil {
			t.Errorf("from another network: %v", err)
		}
		o.turn(window)
		if _, err := o.Login(from(c.neighbour), ada, adasPassword); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	}
}

// TestLogin_OneAddressTakesFewPlaces: however many logins come from one address, there is room for those of others.
func TestLogin_OneAddressTakesFewPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &plainHasher{hold: make(chan struct{})}
		o := NewOperators(nobodyStore{}, time.Now)
		o.hashes = newHashes(h)
		outcomes, other := make(chan error, 2*hashesPerOrigin), make(chan error, 1)
		login := func(address string, i int, outcome chan<- error) {
			_, err := o.Login(from(address), fmt.Sprint(i), "x")
			outcome <- err
		}
		for i := range hashesPerOrigin {
			go login("198.51.100.9", i, outcomes)
		}
		synctest.Wait()
		for i := range hashesPerOrigin {
			_, err := o.Login(from("198.51.100.9"), fmt.Sprint("more ", i), "x")
			wantCrowded(t, "one too many of an address", err)
		}
		go login("192.0.2.7", 0, other)
		synctest.Wait()
		select {
		case err := <-other:
			t.Errorf("who comes from elsewhere is answered %v, and does not wait", err)
		default:
		}
		close(h.hold)
		wantRefused(t, "who came from elsewhere", <-other)
		for range hashesPerOrigin {
			wantRefused(t, "who was in", <-outcomes)
		}
		synctest.Wait()
		if n := len(o.hashes.line.of); n != 0 {
			t.Errorf("%d addresses are in the line when nobody is", n)
		}
	})
}
