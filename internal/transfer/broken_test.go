package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
)

var errBroken = errors.New("the line is broken")

// breaker decides which calls fail.
type breaker struct {
	random *rand.Rand
	left   int // so many calls more fail
}

func (b *breaker) breaks(oneIn int) bool {
	if b.left == 0 || b.random.IntN(oneIn) > 0 {
		return false
	}
	b.left--
	return true
}

// brittle is a store whose calls fail now and then: before they took effect, or afterwards.
type brittle struct {
	book
	*breaker
}

func (b *brittle) RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error {
	if b.breaks(5) {
		return errBroken
	}
	if err := b.book.RestoreRows(ctx, p, rows); err != nil || !b.breaks(5) {
		return err
	}
	return errBroken // although they are there
}

func (b *brittle) DumpRows(ctx context.Context, p *clientele.Part, after []any) iter.Seq2[clientele.Row, error] {
	return func(yield func(clientele.Row, error) bool) {
		for row, err := range b.book.DumpRows(ctx, p, after) {
			if b.breaks(100) {
				yield(nil, errBroken)
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (b *brittle) FinishTransfer(ctx context.Context, given []clientele.Numbering) error {
	if b.breaks(1) {
		return errBroken
	}
	return b.book.FinishTransfer(ctx, given)
}

// TestCopy_GoesOnWhereItWasBrokenOff breaks a copy off again and again, at random; in the end the target holds what it would
// hold otherwise. TRANSFER_SEED repeats a run's random choices.
func TestCopy_GoesOnWhereItWasBrokenOff(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TRANSFER_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("TRANSFER_SEED=%d repeats the random choices", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	source := newSQLite(t)
	fill(t, source)
	want := mustCopy(t, source, newSQLite(t))
	for name, to := range map[string]book{"SQLite": newSQLite(t), "PostgreSQL": newPostgres(t)} {
		const times = 10
		line := &breaker{random: random, left: times}
		var breaks int
		for done := false; !done; {
			got, err := Copy(t.Context(), &brittle{source, line}, &brittle{to, line}, Options{Name: "the source", loadRows: few})
			switch {
			case err == nil:
				done = true
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: reports (-want +got):\n%s", name, diff)
				}
			case !errors.Is(err, errBroken):
				t.Fatalf("%s: after %d breaks: %v", name, breaks, err)
			default:
				breaks++
				if arriving, err := to.Arriving(t.Context()); err != nil || !arriving {
					t.Fatalf("%s: after %d breaks: arriving: %t, %v", name, breaks, arriving, err)
				}
			}
		}
		if breaks != times {
			t.Errorf("%s: the copy was broken off %d times, want %d", name, breaks, times)
		}
	}
}

// TestCopy_Refusals: what is not empty, what is half-way from somewhere else, and what another copy is writing to.
func TestCopy_Refusals(t *testing.T) {
	t.Parallel()
	source := newSQLite(t)
	fill(t, source)
	for name, open := range map[string]func(testing.TB) book{"SQLite": newSQLite, "PostgreSQL": newPostgres} {
		for what, put := range map[string]func(b book) error{
			"project": func(b book) error {
				_, err := b.CreateProject(t.Context(), clientele.Project{Name: "mine", TimeZone: "UTC"})
				return err
			},
			"publisher": func(b book) error {
				_, err := b.CreatePublisher(t.Context(), clientele.Publisher{UUID: uuidOf(1), Name: "P"})
				return err
			},
			"signing_key": func(b book) error {
				return b.RotateSigningKey(t.Context(), clientele.SigningKey{ID: "k", Seed: make([]byte, 32)}, time.Time{}, time.Time{})
			},
		} {
			to := open(t)
			if err := put(to); err != nil {
				t.Fatal(err)
			}
			wantConflict(t, name+" with a "+what, source, to, "not empty, there is a "+what+" in it")
			if arriving, err := to.Arriving(t.Context()); err != nil || arriving {
				t.Errorf("%s with a %s: arriving after the refusal: %t, %v", name, what, arriving, err)
			}
		}
		to := open(t)
		halfWay(t, source, to, Options{Name: "another source"})
		wantConflict(t, name+" half-way", source, to, "holds a part of another source")
		if _, err := Copy(t.Context(), source, to, Options{Name: "another source"}); err != nil {
			t.Errorf("%s half-way from the same source: %v", name, err)
		}
		wantConflict(t, name+" that has arrived", source, to, "not empty")
	}
}

// halfWay breaks a copy off in the middle.
func halfWay(t testing.TB, from, to book, o Options) {
	t.Helper()
	o.loadRows = few
	b := &breaker{random: rand.New(rand.NewPCG(1, 1)), left: 1}
	if _, err := Copy(t.Context(), from, &brittle{to, b}, o); !errors.Is(err, errBroken) {
		t.Fatalf("the copy was not broken off: %v", err)
	}
}

func wantConflict(t *testing.T, what string, from, to book, says string) {
	t.Helper()
	_, err := Copy(t.Context(), from, to, Options{Name: "the source", loadRows: few})
	if clientele.KindOf(err) != clientele.KindConflict || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v; want a conflict that says %q", what, err, says)
	}
}

// TestCopy_RowsThatAreThere: two copies into one target at once get in each other's way, and neither damages anything.
func TestCopy_RowsThatAreThere(t *testing.T) {
	t.Parallel()
	source := newSQLite(t)
	fill(t, source)
	parts, _, err := plan(t.Context(), source, source)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]book{"SQLite": newSQLite(t), "PostgreSQL": newPostgres(t)} {
		for row, err := range source.DumpRows(t.Context(), &parts[0], nil) {
			if err != nil {
				t.Fatal(err)
			}
			if err := to.RestoreRows(t.Context(), &parts[0], []clientele.Row{row}); err != nil {
				t.Fatal(err)
			}
			err = to.RestoreRows(t.Context(), &parts[0], []clientele.Row{row})
			if clientele.KindOf(err) != clientele.KindConflict {
				t.Errorf("%s: a row twice: %v, want a conflict", name, err)
			}
		}
	}
}

// TestCopy_SourceThatChangedMeanwhile: the comparison tells what differs, and the target stays marked as half arrived.
func TestCopy_SourceThatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) book{"SQLite": newSQLite, "PostgreSQL": newPostgres} {
		source, to := open(t), newSQLite(t)
		f := fill(t, source)
		changed := &meddled{book: to, meddle: func() {
			var p clientele.Patch
			p.Put(clientele.FieldCompany, clientele.Some("changed meanwhile"))
			ids, _, err := source.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: f.projects[0], Limit: 1})
			f.must(err)
			f.commit(clientele.Write{
				ProjectID: f.projects[0], Customer: &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: ids[0], Patch: p},
			})
		}}
		wantConflict(t, name, source, changed, fmt.Sprintf("table customer of project %d differs", f.projects[0]))
		if arriving, err := to.Arriving(t.Context()); err != nil || !arriving {
			t.Errorf("%s: arriving afterwards: %t, %v", name, arriving, err)
		}
	}
}

// meddled is a target beside which somebody changes a customer of the source as soon as the customers have arrived.
type meddled struct {
	book
	meddle func()
}

func (m *meddled) RestoreRows(ctx context.Context, p *clientele.Part, rows []clientele.Row) error {
	if p.Table == "address" && m.meddle != nil {
		m.meddle()
		m.meddle = nil
	}
	return m.book.RestoreRows(ctx, p, rows)
}

// TestCopy_TellsHowFarItIs: each phase goes from nothing to all, never back, also when it goes on half-way.
func TestCopy_TellsHowFarItIs(t *testing.T) {
	t.Parallel()
	source, to := newSQLite(t), newSQLite(t)
	fill(t, source)
	halfWay(t, source, to, Options{Name: "the source"})
	type step struct {
		phase       Phase
		done, total int64
	}
	var steps []step
	reports, err := Copy(t.Context(), source, to, Options{Name: "the source", Progress: func(p Phase, done, total int64) {
		steps = append(steps, step{p, done, total})
	}})
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	for _, r := range reports {
		rows += r.Rows
	}
	last := map[Phase]step{}
	for i, s := range steps {
		if want := rows * int64(s.phase+1); s.total != want {
			t.Errorf("step %d: %d in all, want %d", i, s.total, want)
		}
		if s.done < last[s.phase].done || s.phase == Copying && last[Comparing].total > 0 {
			t.Errorf("step %d goes back: %v after %v", i, s, last)
		}
		last[s.phase] = s
	}
	for p, s := range last {
		if s.done != s.total {
			t.Errorf("phase %d ends at %d of %d", p, s.done, s.total)
		}
	}
	if len(last) != 2 || steps[0].done != 0 {
		t.Errorf("the steps are %v", steps)
	}
}
