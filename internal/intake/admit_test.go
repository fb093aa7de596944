package intake

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clientele"
)

// TestPace_Bound: what the line saw of its batches, and how many writes it lets wait at most 100 ms of that.
func TestPace_Bound(t *testing.T) {
	type batch struct {
		writes int
		took   time.Duration
	}
	const ms = time.Millisecond
	for _, c := range []struct {
		name        string
		seen        []batch
		least, most int
	}{
		{"nothing seen lets all in", nil, maxBound, maxBound},
		{"a commit of 1 ms shared by 512, writes free as far as known", []batch{{1, ms}}, 51_199, 51_200},
		{"1 ms, and 20 µs a write", []batch{{1, ms}, {501, 11 * ms}}, 4500, 4600},
		{"1 ms, and 100 µs a write", []batch{{1, ms}, {101, 11 * ms}}, 970, 990},
		{"10 ms a write: a whole transaction all the same", []batch{{1, ms}, {101, 1001 * ms}}, 512, 512},
		{"a disk of 1 s: batches stay whole", []batch{{1, time.Second}, {512, time.Second}}, 1280, 1281},
		{"large batches faster than small ones", []batch{{1, 2 * ms}, {512, ms}}, 51_000, 52_000},
	} {
		var p pace
		for range 3 {
			for _, b := range c.seen {
				p.observe(b.writes, b.took)
			}
		}
		if got := p.bound(100*ms, 512); got < c.least || got > c.most {
			t.Errorf("%s: bound %d, want %d to %d", c.name, got, c.least, c.most)
		}
	}
}

// TestPace_FollowsTheStore: a store that was slow for a while is trusted again.
func TestPace_FollowsTheStore(t *testing.T) {
	var p pace
	p.observe(1, time.Millisecond)
	for range 50 {
		p.observe(64, 640*time.Millisecond)
	}
	slow := p.bound(100*time.Millisecond, 50)
	for range 100 {
		p.observe(64, 2*time.Millisecond)
	}
	if fast := p.bound(100*time.Millisecond, 50); slow != 50 || fast < 2000 {
		t.Errorf("bound %d after a slow time and %d after a fast one", slow, fast)
	}
}

// by is a write of its own customer, sent by a credential.
func by(credential int64, name string) clientele.Write {
	w := write(name, name)
	w.Origin.CredentialID = credential
	return w
}

// slowStore takes 1 ms for each write.
func slowStore(_ context.Context, writes []clientele.Write) ([]clientele.Outcome, error) {
	time.Sleep(time.Duration(len(writes)) * time.Millisecond)
	return outcomes(writes), nil
}

// TestCommit_LetsInWhatTheStoreCanDo: who floods a store of 1,000 writes a second is refused at once but for some hundred,
// each of which is answered soon; who sends little beside is let in each time.
func TestCommit_LetsInWhatTheStoreCanDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := New(storeFunc(slowStore), Options{MaxBatch: 64})
		defer mustClose(t, in)
		for i := range 3 { // the lane learns what a lone write costs, and what many cost
			done := make(chan error)
			for n := range 1 + i*15 {
				go func() { _, err := in.Commit(t.Context(), by(1, fmt.Sprint("first", i, n))); done <- err }()
			}
			for range 1 + i*15 {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
		}
		const flood, rounds = 400, 20
		var accepted, refused, late int
		answers := make(chan time.Duration, flood*rounds)
		for round := range rounds {
			for n := range flood {
				go func() {
					start := time.Now()
					_, err := in.Commit(t.Context(), by(1, fmt.Sprint(round, "-", n)))
					if _, ok := errors.AsType[*clientele.Busy](err); ok && time.Since(start) == 0 {
						answers <- -1
						return
					}
					if err != nil {
						t.Errorf("a write of the flood: %v", err)
					}
					answers <- time.Since(start)
				}()
			}
			synctest.Wait()
			if err := in.Admit(1, 1); clientele.KindOf(err) != clientele.KindUnavailable {
				t.Errorf("round %d: the flood would be let in: %v", round, err)
			}
			if err := in.Admit(1, 2); err != nil {
				t.Errorf("round %d: another caller would hear %v", round, err)
			}
			if _, err := in.Commit(t.Context(), by(2, fmt.Sprint("polite", round))); err != nil {
				t.Errorf("round %d: another caller heard %v", round, err)
			}
		}
		for range flood * rounds {
			switch took := <-answers; {
			case took < 0:
				refused++
			case took > 250*time.Millisecond:
				late++
			default:
				accepted++
			}
		}
		if late > 0 || accepted < 500 || refused < flood*rounds/2 {
			t.Errorf("%d accepted, %d late, %d refused", accepted, late, refused)
		}
		if n := in.admission.asked.Load(); n != 0 {
			t.Errorf("%d writes are counted when none waits", n)
		}
	})
}
