package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

func TestLogin_RightPassword(t *testing.T) {
	o := newOffice(t)
	want := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	for _, email := range []string{ada, " Ada@EXAMPLE.com\t"} {
		o.turn(time.Hour)
		got, err := o.Login(t.Context(), email, adasPassword)
		if err != nil {
			t.Fatalf("as %q: %v", email, err)
		}
		if got.ID != want.ID || got.Role != clientele.RoleOwner || got.PasswordIsOneTime || !got.LastLoginAt.Equal(o.Now()) || got.FailedLogins != 0 {
			t.Errorf("logged in as %+v", got)
		}
		stored, err := o.ByID(t.Context(), got.ID)
		if err != nil || stored != got {
			t.Errorf("the book has %+v, %v; want %+v", stored, err, got)
		}
	}
}

// TestLogin_RefusalsAreAlike: the same text and the same work, one comparison of a whole hash, whatever is wrong.
func TestLogin_RefusalsAreAlike(t *testing.T) {
	o := newOffice(t)
	o.hire(t, ada, adasPassword, clientele.RoleOwner)
	gone := o.hire(t, "gone@example.com", adasPassword, clientele.RoleViewer)
	if err := o.Disable(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	for what, login := range map[string][2]string{
		"wrong password":                    {ada, "wrong " + adasPassword},
		"another case":                      {ada, strings.ToUpper(adasPassword)},
		"no password":                       {ada, ""},
		"unknown":                           {"nobody@example.com", adasPassword},
		"unknown with no password":          {"no@example.com", ""},
		"no address":                        {"ada", adasPassword},
		"nothing":                           {"", ""},
		"disabled with the right password":  {"gone@example.com", adasPassword},
		"disabled with a wrong password":    {"gone@example.com", "wrong"},
		"a megabyte":                        {ada, strings.Repeat("x", 1<<20)},
		"a megabyte of name":                {strings.Repeat("x", 1<<20) + "@example.com", adasPassword},
		"not UTF-8":                         {"\xff@example.com", "\xff"},
		"the hash in place of the password": {ada, "hashed:" + adasPassword},
	} {
		_, err := o.Login(t.Context(), login[0], login[1])
		wantRefused(t, what, err)
		if got := o.compared(); got != 1 {
			t.Errorf("%s: %d hashes were computed, want 1", what, got)
		}
	}
}

// TestNobodysHash_CostsWhatAnyCosts: the hash that stands for nobody's is computed, with the parameters of a real one.
func TestNobodysHash_CostsWhatAnyCosts(t *testing.T) {
	real, err := argon2{}.create(adasPassword)
	if err != nil {
		t.Fatal(err)
	}
	params := func(hash string) []string { return strings.Split(hash, "$")[:4] }
	if !slices.Equal(params(real), params(nobodysHash)) || len(real) != len(nobodysHash) {
		t.Errorf("a real hash is %s, nobody's %s", real, nobodysHash)
	}
	for hash, want := range map[string]bool{real: true, nobodysHash: false} {
		if got, err := (argon2{}).match(adasPassword, hash); err != nil || got != want {
			t.Errorf("match with %s: %t, %v", hash, got, err)
		}
	}
}

// TestLogin_LockOut walks through a lock-out of an operator and of a name that nobody has: they hear the same at each step.
func TestLogin_LockOut(t *testing.T) {
	o := newOffice(t)
	o.hire(t, ada, adasPassword, clientele.RoleOwner)
	gone := o.hire(t, "gone@example.com", adasPassword, clientele.RoleViewer)
	if err := o.Disable(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	names := []string{ada, "nobody@example.com", "gone@example.com", "no address"}
	all := func(what, password string, check func(what string, err error)) {
		for _, name := range names {
			_, err := o.Login(t.Context(), name, password)
			check(name+", "+what, err)
		}
	}
	refused := func(what string, err error) { wantRefused(t, what, err) }
	for i := range 5 {
		all(fmt.Sprintf("wrong password %d", i+1), "wrong", refused)
	}
	for _, lock := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		lock *= time.Minute
		o.compared()
		locked := func(wait time.Duration) func(string, error) {
			return func(what string, err error) {
				wantOfKind(t, what, err, clientele.KindRateLimited, "")
				if e, ok := errors.AsType[*clientele.Error](err); !ok || e.RetryAfter != wait {
					t.Errorf("%s: %v; want to hear of %s", what, err, wait)
				}
			}
		}
		all("locked", adasPassword, locked(lock))
		o.turn(lock - time.Microsecond)
		all("locked still", "wrong", locked(time.Microsecond))
		if n := o.compared(); n != 0 {
			t.Errorf("%d hashes were computed during a lock", n)
		}
		o.turn(time.Microsecond)
		all("after the lock", "wrong", refused)
	}
	o.turn(time.Hour)
	if _, err := o.Login(t.Context(), ada, adasPassword); err != nil {
		t.Fatalf("the right password after the lock: %v", err)
	}
	for range 4 { // which are free again
		_, err := o.Login(t.Context(), ada, "wrong")
		wantRefused(t, "after a login", err)
	}
	if _, err := o.Login(t.Context(), ada, adasPassword); err != nil {
		t.Errorf("the right password at the fifth try: %v", err)
	}
}

// TestLogin_WrongPasswordsOnTwoServersAllCount: as many as come at once.
func TestLogin_WrongPasswordsOnTwoServersAllCount(t *testing.T) {
	o := newOffice(t)
	who := o.hire(t, ada, adasPassword, clientele.RoleOwner)
	servers := []*Operators{o.Operators, o.server(o.book)}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			_, err := servers[i%2].Login(t.Context(), ada, "wrong")
			wantRefused(t, "at once", err)
		})
	}
	all.Wait()
	if got, err := o.book.FindOperator(t.Context(), who.ID); err != nil || got.FailedLogins != 4 {
		t.Errorf("%d wrong passwords are counted, %v; want 4", got.FailedLogins, err)
	}
	_, err := servers[0].Login(t.Context(), ada, "wrong")
	wantRefused(t, "the fifth", err)
	_, err = servers[1].Login(t.Context(), ada, adasPassword)
	wantOfKind(t, "locked by the other server", err, clientele.KindRateLimited, "")
}

// TestLogin_FewHashesAtOnce: two are computed at once, the others wait, those who wait too long or are too many hear so.
func TestLogin_FewHashesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &plainHasher{hold: make(chan struct{})}
		o := NewOperators(nobodyStore{}, time.Now)
		o.hashes = newHashes(h)
		outcomes := make(chan error, 100)
		for i := range hashesAtOnce + hashesWaiting {
			go func() {
				_, err := o.Login(t.Context(), fmt.Sprint(i), "x")
				outcomes <- err
			}()
		}
		synctest.Wait()
		_, err := o.Login(t.Context(), "too many", "x")
		wantCrowded(t, "one too many", err)
		time.Sleep(hashPatience) // of the bubble's clock
		synctest.Wait()
		for range hashesWaiting {
			wantCrowded(t, "who waited", <-outcomes)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = o.Login(gone, "too many", "x")
		wantCrowded(t, "who hangs up", err)
		close(h.hold)
		for range hashesAtOnce {
			wantRefused(t, "who was in", <-outcomes)
		}
		if h.most != hashesAtOnce {
			t.Errorf("%d hashes were computed at once, want %d", h.most, hashesAtOnce)
		}
		_, err = o.Login(t.Context(), "later", "x")
		wantRefused(t, "later", err)
	})
}

func wantCrowded(t *testing.T, what string, err error) {
	t.Helper()
	wantOfKind(t, what, err, clientele.KindUnavailable, "")
	if e, ok := errors.AsType[*clientele.Error](err); ok && e.RetryAfter <= 0 {
		t.Errorf("%s: without RetryAfter", what)
	}
}

// nobodyStore has no operators.
type nobodyStore struct{ OperatorStore }

func (nobodyStore) FindOperatorByEmail(context.Context, string) (clientele.Operator, error) {
	return clientele.Operator{}, clientele.Errorf(clientele.KindNotFound, "there is no such operator")
}

// TestLogin_StoreFails: nobody gets in uncounted, and the failure is told as it is.
func TestLogin_StoreFails(t *testing.T) {
	o := newOffice(t)
	o.hire(t, ada, adasPassword, clientele.RoleOwner)
	down := clientele.Unavailable("The book cannot be reached", errDown)
	for what, store := range map[string]*faultyStore{
		"finding":  {OperatorStore: o.book, find: down},
		"counting": {OperatorStore: o.book, record: down},
	} {
		_, err := o.server(store).Login(t.Context(), ada, adasPassword)
		wantOfKind(t, what, err, clientele.KindUnavailable, "")
		wantSilent(t, err, adasPassword)
	}
}

// TestThrottle_IsBounded: however many names are tried, so many places are kept.
func TestThrottle_IsBounded(t *testing.T) {
	var th throttle
	now := newClock().Now()
	for i := range 3 * throttlePlaces {
		th.count(fmt.Sprint(i), now)
	}
	if n := len(th.places); n > throttlePlaces || n < throttlePlaces/2 {
		t.Errorf("%d places are kept, want at most %d", n, throttlePlaces)
	}
}
