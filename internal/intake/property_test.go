package intake_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/intake"
	"clientele/internal/sqlite"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// TestCommit_AnyInterleavingIsSomeSequentialOrder lets workers upsert a few customers at once, through the intake into
// SQLite. Whatever the interleaving: each customer is created once, each caller hears the truth, and the history of each
// customer is an order of its writes that explains every answer and the state in the end.
func TestCommit_AnyInterleavingIsSomeSequentialOrder(t *testing.T) {
	store := openStore(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		project, err := store.CreateProject(t.Context(), clientele.Project{Name: fmt.Sprint("Run ", runs), TimeZone: "UTC"})
		if err != nil {
			rt.Fatal(err)
		}
		r := &run{store: store, project: project.ID, byRequest: map[string]*job{}}
		r.draw(rt)
		in := intake.New(store, intake.Options{
			Lanes: rapid.SampledFrom([]int{1, 4}).Draw(rt, "lanes"), MaxBatch: rapid.SampledFrom([]int{1, 3, 512}).Draw(rt, "max batch"),
		})
		r.work(t.Context(), in)
		if err := in.Close(t.Context()); err != nil {
			rt.Fatal(err)
		}
		r.check(rt)
	})
}

func openStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// job is one write of one worker, and what its caller heard.
type job struct {
	write   clientele.Write
	key     string
	poison  bool
	outcome clientele.Outcome
	err     error
}

// run is one round of workers over one project.
type run struct {
	store     *sqlite.Store
	project   int64
	workers   [][]*job // each worker sends its writes one after the other
	byRequest map[string]*job
}

var fields = [...]clientele.Field{clientele.FieldEmail, clientele.FieldFirstName, clientele.FieldFax}

func (r *run) draw(rt *rapid.T) {
	r.workers = make([][]*job, rapid.IntRange(2, 6).Draw(rt, "workers"))
	for w := range r.workers {
		for n := range rapid.IntRange(1, 8).Draw(rt, "writes") {
			j := &job{key: rapid.SampledFrom([]string{"a", "a", "b", "c"}).Draw(rt, "key")}
			var p clientele.Patch
			p.Put(clientele.FieldExternalID, clientele.Some(j.key))
			for _, f := range fields {
				if value := rapid.IntRange(-1, 2).Draw(rt, f.String()); value >= 0 {
					p.Put(f, clientele.Some(fmt.Sprintf("value %d", value)))
				}
			}
			request := fmt.Sprintf("%d-%d", w, n)
			j.write = clientele.Write{
				ProjectID: r.project, At: time.Unix(int64(n), 0).UTC(), Origin: clientele.Origin{RequestID: request},
				Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
			}
			if j.poison = rapid.IntRange(0, 14).Draw(rt, "poison") == 0; j.poison {
				j.write.ProjectID = 1 << 40 // there is no such project
			}
			r.workers[w] = append(r.workers[w], j)
			r.byRequest[request] = j
		}
	}
}

func (r *run) work(ctx context.Context, in *intake.Intake) {
	var running sync.WaitGroup
	for _, jobs := range r.workers {
		running.Go(func() {
			for _, j := range jobs {
				j.outcome, j.err = in.Commit(ctx, j.write)
			}
		})
	}
	running.Wait()
}

// check holds what the callers heard to what the book says.
func (r *run) check(rt *rapid.T) {
	ids := map[string]int64{}
	for request, j := range r.byRequest {
		if j.poison {
			if j.err == nil || clientele.KindOf(j.err) == clientele.KindUnavailable {
				rt.Errorf("poisoned write %s: %s, %v", request, j.outcome.Result, j.err)
			}
			continue
		}
		if j.err != nil {
			rt.Errorf("write %s: %v", request, j.err)
			continue
		}
		if id := ids[j.key]; id != 0 && id != j.outcome.SubjectID {
			rt.Errorf("customer %q is %d for one caller and %d for another", j.key, id, j.outcome.SubjectID)
		}
		ids[j.key] = j.outcome.SubjectID
	}
	for key, id := range ids {
		h := r.loadHistory(rt, key, id)
		r.checkEffects(rt, h)
		r.checkUnchanged(rt, h)
		r.checkWorkers(rt, h)
		c, err := r.store.FindCustomerByExternalID(rt.Context(), r.project, key)
		if err != nil || c.ID != id || c.Version != int64(len(h.steps)) || !maps.Equal(stateOf(&c.Details), h.states[len(h.steps)]) {
			rt.Errorf("customer %q in the end: %v, version %d, %v; history says %v", key, c.Details, c.Version, err, h.states[len(h.steps)])
		}
	}
}

// state is what a customer holds, by name of field.
type state map[string]string

func stateOf(d *clientele.Details) state {
	s := state{}
	for f := range clientele.AllFields.All {
		if t := d.Of(f); t.Valid {
			s[f.String()] = t.V
		}
	}
	return s
}

// history is the history of one customer: its steps, and its state before each and after the last.
type history struct {
	key    string
	steps  []clientele.Change
	values []state
	states []state
}

func (r *run) loadHistory(rt *rapid.T, key string, id int64) *history {
	h := &history{key: key, states: []state{{}}}
	var err error
	if h.steps, err = r.store.ListChanges(rt.Context(), r.project, clientele.SubjectCustomer, id); err != nil {
		rt.Fatal(err)
	}
	for _, step := range h.steps {
		values := state{}
		if err := json.Unmarshal(step.Values, &values); err != nil {
			rt.Fatalf("values %s: %v", step.Values, err)
		}
		next := maps.Clone(h.states[len(h.states)-1])
		maps.Copy(next, values)
		h.values, h.states = append(h.values, values), append(h.states, next)
	}
	return h
}

// checkEffects explains each step by exactly one write, and each effect that a caller heard of by exactly one step.
func (r *run) checkEffects(rt *rapid.T, h *history) {
	seen := map[string]bool{}
	for i, step := range h.steps {
		request := step.Origin.RequestID
		j := r.byRequest[request]
		if j == nil || j.key != h.key || j.poison || seen[request] {
			rt.Fatalf("step %d of customer %q was made by %q, which is no write of it, or made one before", i, h.key, request)
		}
		seen[request] = true
		want := clientele.Updated
		if i == 0 {
			want = clientele.Created
		}
		if j.outcome.Result != want {
			rt.Errorf("step %d of customer %q: its caller heard %s, want %s", i, h.key, j.outcome.Result, want)
		}
		news := state{}
		for k, v := range stateOf(&j.write.Customer.Patch.Details) {
			if old, ok := h.states[i][k]; !ok || old != v {
				news[k] = v
			}
		}
		if !maps.Equal(news, h.values[i]) {
			rt.Errorf("step %d of customer %q states %v; to its caller %v was new", i, h.key, h.values[i], news)
		}
	}
	for request, j := range r.byRequest {
		hadEffect := j.outcome.Result == clientele.Created || j.outcome.Result == clientele.Updated
		if j.key == h.key && hadEffect != seen[request] {
			rt.Errorf("caller %s heard %s; its step is in the history: %t", request, j.outcome.Result, seen[request])
		}
	}
}

// stepOf returns the place of a write's step in the history; -1 when it made none.
func (h *history) stepOf(j *job) int {
	return slices.IndexFunc(h.steps, func(c clientele.Change) bool { return c.Origin.RequestID == j.write.Origin.RequestID })
}

// checkWorkers holds the history to the order in which each worker sent its writes.
func (r *run) checkWorkers(rt *rapid.T, h *history) {
	for _, jobs := range r.workers {
		last := -1
		for _, j := range jobs {
			if i := h.stepOf(j); i >= 0 {
				if i < last {
					rt.Errorf("customer %q: write %s took effect before an earlier one of its worker", h.key, j.write.Origin.RequestID)
				}
				last = i
			}
		}
	}
}

// checkUnchanged finds for each caller that heard "unchanged" a moment at which that was true, between the effects of its
// worker's writes before and after.
func (r *run) checkUnchanged(rt *rapid.T, h *history) {
	for _, jobs := range r.workers {
		for n, j := range jobs {
			if j.key != h.key || j.outcome.Result != clientele.Unchanged {
				continue
			}
			from, to := 1, len(h.steps) // an unchanged customer exists
			for _, before := range jobs[:n] {
				from = max(from, h.stepOf(before)+1)
			}
			for _, after := range jobs[n+1:] {
				if i := h.stepOf(after); i >= 0 {
					to = min(to, i)
				}
			}
			if !h.heldWithin(from, to, stateOf(&j.write.Customer.Patch.Details)) {
				rt.Errorf("caller %s heard unchanged: customer %q never held %v then", j.write.Origin.RequestID, h.key, j.write.Customer.Patch.Details)
			}
		}
	}
}

// heldWithin reports whether the customer held all of values after some step number from..to.
func (h *history) heldWithin(from, to int, values state) bool {
	for i := from; i <= to; i++ {
		held := true
		for k, v := range values {
			old, ok := h.states[i][k]
			held = held && ok && old == v
		}
		if held {
			return true
		}
	}
	return false
}
