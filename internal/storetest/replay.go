package storetest

import (
	"maps"
	"slices"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// replay builds a customer from nothing but its history, as the documentation of Change says that one can. Normal forms
// are no part of history; the result has none.
func replay(t tester, history []clientele.Change) clientele.Customer {
	t.Helper()
	var c clientele.Customer
	for i := range history {
		h := &history[i]
		if wantFirst := clientele.ActionCreated; (h.Action == wantFirst) != (i == 0) {
			t.Errorf("change %d of customer %d is %q", i, h.SubjectID, h.Action)
		}
		if i == 0 {
			c.ID, c.ProjectID, c.CreatedAt = h.SubjectID, h.ProjectID, h.At
			c.Source, c.CredentialID = h.Origin.Dialect, h.Origin.CredentialID
			c.UpdatedAt = h.At
		}
		if h.Subject != clientele.SubjectCustomer || h.SubjectID != c.ID || h.ProjectID != c.ProjectID {
			t.Errorf("the history of customer %d holds a change of %s %d in project %d", c.ID, h.Subject, h.SubjectID, h.ProjectID)
		}
		if h.At.After(c.UpdatedAt) {
			c.UpdatedAt = h.At
		}
		c.Version++
		replayValues(t, &c, h)
	}
	return c
}

// replayValues applies the values of one change. Each of an update must be news.
func replayValues(t tester, c *clientele.Customer, h *clientele.Change) {
	t.Helper()
	var members map[string]jsontext.Value
	if err := json.Unmarshal(h.Values, &members); err != nil { // also when a name occurs twice
		t.Fatalf("values of change %d: %v", h.Seq, err)
	}
	for f := range clientele.AllFields.All {
		raw, stated := members[f.String()]
		if !stated {
			continue
		}
		delete(members, f.String())
		text := textOf(t, raw)
		if *c.Of(f) == text {
			t.Errorf("change %d states %s, which it does not change", h.Seq, f)
		}
		*c.Of(f) = text
	}
	if raw, stated := members["addresses"]; stated && h.Action == clientele.ActionCreated {
		delete(members, "addresses")
		c.Addresses = replayAddresses(t, raw, h.At)
	}
	if len(members) > 0 {
		t.Errorf("change %d states %v, which are no fields", h.Seq, slices.Sorted(maps.Keys(members)))
	}
}

func replayAddresses(t tester, raw jsontext.Value, at time.Time) []clientele.Address {
	t.Helper()
	var list []map[string]jsontext.Value
	mustUnmarshal(t, raw, &list)
	addresses := make([]clientele.Address, len(list))
	for i, members := range list {
		a := &addresses[i]
		a.CreatedAt, a.UpdatedAt = at, at
		mustUnmarshal(t, members["id"], &a.ID)
		mustUnmarshal(t, members["is_default_billing"], &a.IsDefaultBilling)
		mustUnmarshal(t, members["is_default_shipping"], &a.IsDefaultShipping)
		for _, place := range a.Texts() {
			if raw, stated := members[place.Name]; stated {
				*place.Text = textOf(t, raw)
			}
		}
	}
	return addresses
}

func textOf(t tester, raw jsontext.Value) clientele.Text {
	t.Helper()
	var s *string
	mustUnmarshal(t, raw, &s)
	if s == nil {
		return clientele.Text{}
	}
	return clientele.Some(*s)
}

func mustUnmarshal(t tester, raw jsontext.Value, to any) {
	t.Helper()
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatalf("%.200s in a change: %v", raw, err)
	}
}
