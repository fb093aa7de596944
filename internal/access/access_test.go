package access

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

func TestFind_IsBelievedForAMoment(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		for range 40 { // until just before somebody asks anew
			w.wantIn(t, "young")
			w.turn(refreshAge/40 - 1)
		}
		w.wantAsks(t, 1)
		w.turn(refreshAge)
		w.wantIn(t, "old")
		w.wantAsks(t, 2)
	})
}

func TestFind_RevocationIsEffectiveWithinMaxAge(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.wantIn(t, "before")
		w.turn(time.Second)
		w.revoke("secret", w.Now())
		w.turn(MaxAge - 1)
		w.turn(1) // exactly
		w.wantKind(t, "MaxAge after the revocation", clientele.KindUnauthorized)
		w.wantKind(t, "and again", clientele.KindUnauthorized)
	})
}

func TestFind_RevocationUnderSteadyLoad(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		const step = 100 * time.Millisecond
		for revoked, elapsed := false, time.Duration(0); elapsed < 12*time.Second; elapsed += step {
			if elapsed == 3*time.Second {
				w.revoke("secret", w.Now())
				revoked = true
			}
			_, err := w.way.find(t.Context(), w.access)
			if !revoked && err != nil {
				t.Fatalf("after %v: %v", elapsed, err)
			}
			if revoked && elapsed >= 3*time.Second+MaxAge && clientele.KindOf(err) != clientele.KindUnauthorized {
				t.Fatalf("%v after the revocation: %v, want unauthorized", elapsed-3*time.Second, err)
			}
			w.turn(step)
		}
	})
}

func TestFind_NewCredentialWorksAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.change(func() { clear(w.entries) })
		for range 3 {
			w.wantKind(t, "unknown", clientele.KindUnauthorized)
		}
		w.put("secret", w.credential(), time.Time{})
		w.wantIn(t, "as soon as it exists")
		w.change(func() { clear(w.entries) })
		w.turn(MaxAge)
		w.wantKind(t, "gone", clientele.KindUnauthorized)
		w.put("secret", w.credential(), time.Time{})
		w.wantIn(t, "back again")
	})
}

func TestFind_ExpiryIsExact(t *testing.T) {
	for name, limit := range map[string]func(c *clientele.Credential, end time.Time){
		"expired": func(c *clientele.Credential, end time.Time) { c.ExpiresAt = end },
		"revoked": func(c *clientele.Credential, end time.Time) { c.RevokedAt = end },
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w *world) {
				c := w.credential()
				limit(&c, w.in(2*time.Second))
				w.put("secret", c, time.Time{})
				w.wantIn(t, "before")
				w.turn(2*time.Second - 1)
				w.wantIn(t, "a nanosecond before")
				w.turn(1)
				w.wantKind(t, "at the moment", clientele.KindUnauthorized)
				w.wantAsks(t, 2) // refused callers always ask: the time it takes tells nothing
				w.turn(time.Hour)
				w.wantKind(t, "later", clientele.KindUnauthorized)
			})
		})
	}
}

func TestBySecret_OverlapOfARotation(t *testing.T) {
	w := newWorld(t, ways()[0])
	w.put("secret", w.credential(), w.in(3*time.Second)) // the old one
	w.put("new", w.credential(), time.Time{})
	w.wantIn(t, "old secret during the overlap")
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, "new"); err != nil {
		t.Errorf("new secret during the overlap: %v", err)
	}
	w.turn(3*time.Second - 1)
	w.wantIn(t, "old secret a nanosecond before its end")
	w.turn(1)
	w.wantKind(t, "old secret at its end", clientele.KindUnauthorized)
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, "new"); err != nil {
		t.Errorf("new secret after the overlap: %v", err)
	}
}

func TestFind_OneAsksAnewWhileOthersBelieve(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, way)
				w.wantIn(t, "first")
				w.turn(refreshAge)
				hold := make(chan struct{})
				w.change(func() { w.hold = hold })
				asker := make(chan error)
				go func() {
					_, err := way.find(t.Context(), w.access)
					asker <- err
				}()
				synctest.Wait() // it stands at the store
				for range 50 {
					w.wantIn(t, "while one asks") // would stand there, too
				}
				w.wantAsks(t, 2)
				w.turn(MaxAge - refreshAge - 1)
				w.wantIn(t, "until MaxAge")
				w.change(func() { w.hold = nil })
				close(hold)
				if err := <-asker; err != nil {
					t.Errorf("the one that asked: %v", err)
				}
				w.turn(1)
				w.wantIn(t, "after it asked")
				w.wantAsks(t, 2)
			})
		})
	}
}

func TestFind_StoreDownIsUnavailable(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.change(func() { w.down = errDown })
		w.wantKind(t, "unknown so far", clientele.KindUnavailable)
		w.change(func() { w.down = nil })
		w.wantIn(t, "back")
		w.change(func() { w.down = errDown })
		w.wantIn(t, "down, but believed")
		w.turn(MaxAge)
		for range 3 {
			w.wantKind(t, "down and too old", clientele.KindUnavailable)
		}
		w.change(func() { w.down = nil })
		w.wantIn(t, "back again")
	})
}

func TestFind_ClockThatRunsBackwards(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.wantIn(t, "first")
		w.revoke("secret", w.in(-time.Hour*2))
		w.turn(-time.Hour)
		w.wantKind(t, "an hour before it was asked", clientele.KindUnauthorized)
	})
}

func TestForgetAll_MakesTheNextCallAsk(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		w.wantIn(t, "before")
		w.revoke("secret", w.Now())
		w.access.ForgetAll()
		w.wantKind(t, "at once", clientele.KindUnauthorized)
	})
}

func TestBySecret_MemoryIsBounded(t *testing.T) {
	w := newWorld(t, ways()[0])
	const more = maxRemembered + 10
	for i := range more {
		secret := fmt.Sprint("secret ", i)
		w.put(secret, clientele.Credential{ID: int64(i + 10)}, time.Time{})
		if c, err := w.access.BySecret(t.Context(), clientele.OPM, secret); err != nil || c.ID != int64(i+10) {
			t.Fatalf("credential %d: %v, %v", i, c, err)
		}
		w.change(func() { clear(w.entries) })
	}
	if n := len(w.access.bySecret.known); n > maxRemembered {
		t.Errorf("%d credentials are remembered, want at most %d", n, maxRemembered)
	}
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, fmt.Sprint("secret ", more-1)); err != nil {
		t.Errorf("the last one is forgotten: %v", err)
	}
}

func TestBySecret_UnknownSecretsAreNotRemembered(t *testing.T) {
	w := newWorld(t, ways()[0])
	for i := range 100 {
		if _, err := w.access.BySecret(t.Context(), clientele.OPM, fmt.Sprint("guess ", i)); clientele.KindOf(err) != clientele.KindUnauthorized {
			t.Fatal(err)
		}
	}
	if n := len(w.access.bySecret.known); n != 0 {
		t.Errorf("%d guesses are remembered", n)
	}
}

func TestBySecret_KeyOfAnotherDialectIsUnknown(t *testing.T) {
	w := newWorld(t, ways()[0])
	w.wantIn(t, "in its own dialect")
	for _, d := range []clientele.Dialect{clientele.Onlinewerkrooster, clientele.PrimeLead, clientele.DKHardware, "", "OPM"} {
		if _, err := w.access.BySecret(t.Context(), d, "secret"); clientele.KindOf(err) != clientele.KindUnauthorized {
			t.Errorf("dialect %q: %v, want unauthorized", d, err)
		}
	}
}

func TestByClientID_OfAnotherDialectIsUnknown(t *testing.T) {
	w := newWorld(t, ways()[2])
	w.wantIn(t, "in its own dialect")
	if c, err := w.access.ByClientID(t.Context(), clientele.DKHardware, "client"); clientele.KindOf(err) != clientele.KindUnauthorized || c != nil {
		t.Errorf("in another dialect: %v, %v; want unauthorized", c, err)
	}
}

func TestBySecret_UUIDsLetterCaseDoesNotCount(t *testing.T) {
	const id = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
	for _, form := range []string{id, strings.ReplaceAll(id, "-", "")} {
		w := newWorld(t, ways()[0])
		w.put(form, w.credential(), time.Time{})
		mixed := strings.ToUpper(form[:12]) + form[12:]
		for _, sent := range []string{form, strings.ToUpper(form), mixed} {
			if _, err := w.access.BySecret(t.Context(), clientele.OPM, sent); err != nil {
				t.Errorf("%s for %s: %v", sent, form, err)
			}
		}
		w.wantAsks(t, 1)
		for _, sent := range []string{form + " ", form[:len(form)-1], "{" + form + "}", "urn:uuid:" + form} {
			if _, err := w.access.BySecret(t.Context(), clientele.OPM, sent); clientele.KindOf(err) != clientele.KindUnauthorized {
				t.Errorf("%s for %s: %v, want unauthorized", sent, form, err)
			}
		}
	}
	w := newWorld(t, ways()[0])
	if _, err := w.access.BySecret(t.Context(), clientele.OPM, "SECRET"); clientele.KindOf(err) != clientele.KindUnauthorized {
		t.Errorf("any other secret in upper case: %v, want unauthorized", err)
	}
}

func TestFind_ErrorsTellNothing(t *testing.T) {
	const secret = "opm_5ecret0123456789abcdef"
	w := newWorld(t, ways()[0])
	_, unknown := w.access.BySecret(t.Context(), clientele.OPM, secret)
	w.put(secret, clientele.Credential{ID: 1, RevokedAt: w.Now()}, time.Time{})
	_, revoked := w.access.BySecret(t.Context(), clientele.OPM, secret)
	w.change(func() { w.down = errDown })
	w.access.ForgetAll()
	_, down := w.access.BySecret(t.Context(), clientele.OPM, secret)
	if unknown == nil || revoked == nil || unknown.Error() != revoked.Error() {
		t.Errorf("unknown %v and revoked %v: want the same", unknown, revoked)
	}
	hash := clientele.HashSecret(clientele.OPM, secret)
	for _, err := range []error{unknown, revoked, down} {
		for _, told := range []string{secret, secret[4:12], hex.EncodeToString(hash[:8]), fmt.Sprint(hash[:4])} {
			if err != nil && strings.Contains(err.Error(), told) {
				t.Errorf("%v tells of the secret", err)
			}
		}
	}
}

func TestFind_FromManyGoroutines(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world) {
		var running sync.WaitGroup
		for i := range 8 {
			running.Go(func() {
				for n := range 200 {
					if c, err := w.way.find(t.Context(), w.access); err != nil || c.ID != 1 {
						t.Errorf("call: %v, %v", c, err)
					}
					if i == 0 && n%10 == 0 {
						w.turn(time.Second)
					}
					if i == 1 && n%50 == 0 {
						w.access.ForgetAll()
					}
				}
			})
		}
		running.Wait()
	})
}
