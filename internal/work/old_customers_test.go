package work_test

import (
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/intake"
	"clientele/internal/work"
)

func (o *office) upsert(t *testing.T, externalID, name string) {
	t.Helper()
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(externalID))
	p.Put(clientele.FieldLastName, clientele.Some(name))
	_, err := o.line.Commit(t.Context(), clientele.Write{
		ProjectID: o.project, At: o.clock.Now(), Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) isThere(t *testing.T, externalID string) bool {
	t.Helper()
	_, err := o.FindCustomerByExternalID(t.Context(), o.project, externalID)
	if err != nil && clientele.KindOf(err) != clientele.KindNotFound {
		t.Fatal(err)
	}
	return err == nil
}

// TestOldCustomers_AreErased, batch after batch, and no others: who changed since stays, also when that happens between the
// look and the erasure.
func TestOldCustomers_AreErased(t *testing.T) {
	o := newOffice(t, intake.Options{})
	const count, day = 7, 24 * time.Hour
	for n := range count {
		o.upsert(t, fmt.Sprint("old-", n), "Lovelace")
	}
	o.upsert(t, "changed", "Lovelace")
	o.clock.Move(day)
	o.upsert(t, "changed", "Byron")
	o.upsert(t, "young", "Moss")
	duty := work.OldCustomers{Store: o.Store, Commit: o.line, Now: o.clock.Now, Batch: 3}
	erase := func(what string, keep time.Duration, want int) {
		t.Helper()
		duty.Keep = keep
		if again, err := duty.Erase(t.Context()); err != nil || again != 0 {
			t.Errorf("%s: Erase = %s, %v", what, again, err)
		}
		list, err := o.ListErasures(t.Context(), clientele.ErasureQuery{ProjectID: o.project, Limit: 100})
		if err != nil || len(list) != want {
			t.Fatalf("%s: %d erasures, want %d, %v", what, len(list), want, err)
		}
		for _, e := range list {
			if e.AskedBy != clientele.AskedByRetention {
				t.Errorf("%s: asked by %q", what, e.AskedBy)
			}
		}
	}
	erase("kept for ever", 0, 0)
	erase("kept for longer", day+time.Microsecond, 0)
	o.whenCommitting(func(writes []clientele.Write) error { // the last one changes before the first batch is erased
		o.whenCommitting(nil)
		var p clientele.Patch
		p.Put(clientele.FieldExternalID, clientele.Some("old-0"))
		p.Put(clientele.FieldLastName, clientele.Some("King"))
		_, err := o.Store.Commit(t.Context(), []clientele.Write{{
			ProjectID: o.project, At: o.clock.Now(), Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p},
		}})
		return err
	})
	erase("kept for a day", day, count-1)
	for name, want := range map[string]bool{"old-0": true, "old-1": false, "old-6": false, "changed": true, "young": true} {
		if o.isThere(t, name) != want {
			t.Errorf("%s is there: %t, want %t", name, !want, want)
		}
	}
	o.clock.Move(day + time.Second)
	erase("a day later", day, count+2)
}
