package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestFaults_Kill kills the server of a book on SQLite at random moments of a random load, over and over. After each kill the
// book is looked at as it was left; then a server has to carry on with it, and what was not answered is sent again.
func TestFaults_Kill(t *testing.T) {
	random, count := Seeded(t), NewTally(t)
	b := newDir(t)
	crowd := NewCrowd(NewPartners(t, b), "kill", 12)
	for run := range InLongTests(2, 100) {
		count.Try()
		killed(t, b, crowd, Branch(random))
		violations := checkDir(t, b.Dir, crowd)
		count.Violations(t, fmt.Sprintf("run %d, killed", run), violations)
		s := b.Start(t)
		resent := crowd.Resend(t, s.URL)
		found := settled(t, b, crowd)
		s.Stop()
		count.Violations(t, fmt.Sprintf("run %d, %d sent again", run, resent), found)
		if t.Failed() {
			return
		}
	}
	count.Violations(t, "load", crowd.Wrong())
	acknowledged, sent := crowd.Acknowledged()
	t.Logf("%d kills: %d writes acknowledged of %d", count.Tries(), acknowledged, sent)
}

// killed loads a server and kills it after a random number of answers and a random moment more.
func killed(t *testing.T, b Book, crowd *Crowd, random *rand.Rand) {
	t.Helper()
	s := b.Start(t)
	answers, moment := 1+random.Int64N(150), time.Duration(random.IntN(5000))*time.Microsecond
	crowd.Send(t.Context(), Load{
		URLs: []string{s.URL}, Random: random,
		Answered: func(n int64) {
			if n == answers {
				time.AfterFunc(moment, func() { _ = s.Process.Process.Kill() })
			}
		},
	})
	<-s.Exited
}

// settled waits until the submissions of a book have come to their ends, while a server is at it, and returns what is wrong then.
func settled(t *testing.T, b Book, crowds ...*Crowd) (violations []string) {
	t.Helper()
	Eventually(t, "the submissions come to their ends", func() bool {
		found, err := ReadDir(t.Context(), b.Dir)
		if err != nil || found.Unfinished() > 0 {
			return false
		}
		violations = found.Check(crowds...)
		return true
	})
	return violations
}

// TestFound_TheChecksTell: a journal that says more than a book holds, or less, or otherwise, is seen.
func TestFound_TheChecksTell(t *testing.T) {
	b := newDir(t)
	crowd := NewCrowd(NewPartners(t, b), "tell", 3)
	s := b.Start(t)
	crowd.Send(t.Context(), Load{URLs: []string{s.URL}, Random: rand.New(rand.NewPCG(1, 1)), Calls: 25})
	if violations := append(settled(t, b, crowd), crowd.Wrong()...); len(violations) > 0 {
		t.Fatalf("without a fault: %v", violations)
	}
	s.Stop()
	found, err := ReadDir(context.Background(), b.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range crowd.Journals[0] {
		for what, bend := range map[string]func(j *Journal){
			"a write is lost":     func(j *Journal) { (*j)[i].ID, (*j)[i].Values = "lost", nil },
			"a write is not ours": func(j *Journal) { *j = append((*j)[:i], (*j)[i+1:]...) },
			"another value":       func(j *Journal) { (*j)[i].Values = map[string]string{"first_name": "x"} },
		} {
			bent := crowd.AsOf(everything(crowd))
			bend(&bent.Journals[0])
			if len(found.Check(bent)) == 0 {
				t.Errorf("%s goes unseen: %+v", what, crowd.Journals[0][i])
			}
		}
	}
	j := crowd.Journals[0]
	j[0], j[len(j)-1] = j[len(j)-1], j[0]
	j[1], j[len(j)-2] = j[len(j)-2], j[1]
	if len(found.Check(crowd)) == 0 {
		t.Error("another order goes unseen")
	}
	doubled := *found
	doubled.changes = append(doubled.changes[:len(doubled.changes):len(doubled.changes)], doubled.changes[0])
	if len(doubled.Check(crowd)) == 0 {
		t.Error("a doubled change goes unseen")
	}
}

// everything names all writes of a crowd.
func everything(c *Crowd) map[string]bool {
	all := map[string]bool{}
	for _, j := range c.Journals {
		for _, w := range j {
			all[w.ID] = true
		}
	}
	return all
}
