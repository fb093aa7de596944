package storetest

import (
	"context"
	"errors"
	"fmt"

	"clientele"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tester is what the helpers ask of a test: *testing.T and *rapid.T are both one.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// values are the fields that a write states, with their texts; a missing text clears.
type values map[clientele.Field]clientele.Text

func (v values) patch() clientele.Patch {
	var p clientele.Patch
	for f := range clientele.AllFields.All {
		if t, stated := v[f]; stated {
			p.Put(f, t)
		}
	}
	return p
}

// origin names its write, so that a change can be traced to it.
func origin(request string) clientele.Origin {
	return clientele.Origin{Dialect: clientele.OPM, CredentialID: 7, RequestID: request}
}

// upsert returns a write that finds its customer by the partner's id; n is its moment and its name.
func upsert(project int64, n int, externalID string, v values) clientele.Write {
	p := v.patch()
	p.Put(clientele.FieldExternalID, clientele.Some(externalID))
	return customerWrite(project, n, clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: p})
}

func create(project int64, n int, v values, addresses ...clientele.Address) clientele.Write {
	return customerWrite(project, n, clientele.CustomerWrite{
		Mode: clientele.CreateCustomer, Patch: v.patch(), Addresses: addresses,
	})
}

func update(project int64, n int, id int64, v values) clientele.Write {
	return customerWrite(project, n, clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: id, Patch: v.patch()})
}

func customerWrite(project int64, n int, cw clientele.CustomerWrite) clientele.Write {
	return clientele.Write{ProjectID: project, At: at(n), Origin: origin(fmt.Sprintf("r-%d", n)), Customer: &cw}
}

// email states one e-mail address: the plainest write there is.
func email(s string) values { return values{clientele.FieldEmail: clientele.Some(s)} }

// commit commits the writes as one batch that must not fail as a whole.
func (f *fixture) commit(t tester, writes ...clientele.Write) []clientele.Outcome {
	t.Helper()
	outcomes, err := f.Commit(t.Context(), writes)
	if err != nil {
		t.Fatalf("Commit of %d writes: %v", len(writes), err)
	}
	if len(outcomes) != len(writes) {
		t.Fatalf("Commit of %d writes returned %d outcomes", len(writes), len(outcomes))
	}
	return outcomes
}

// commitOne commits one write that must have the given result, and returns our id of its subject.
func (f *fixture) commitOne(t tester, w clientele.Write, want clientele.Result) int64 {
	t.Helper()
	o := f.commit(t, w)[0]
	if o.Err != nil || o.Result != want {
		t.Fatalf("outcome = %q, %v; want %q", o.Result, o.Err, want)
	}
	return o.SubjectID
}

func (f *fixture) customer(t tester, project, id int64) clientele.Customer {
	t.Helper()
	c, err := f.FindCustomer(t.Context(), project, id)
	if err != nil {
		t.Fatalf("FindCustomer(%d, %d): %v", project, id, err)
	}
	return c
}

func (f *fixture) changes(t tester, project, id int64) []clientele.Change {
	t.Helper()
	list, err := f.ListChanges(t.Context(), project, clientele.SubjectCustomer, id)
	if err != nil {
		t.Fatalf("ListChanges(%d, %d): %v", project, id, err)
	}
	return list
}

// wantResults holds the outcomes to the given results, none with an error.
func wantResults(t tester, outcomes []clientele.Outcome, want ...clientele.Result) {
	t.Helper()
	got := make([]clientele.Result, len(outcomes))
	for i, o := range outcomes {
		got[i] = o.Result
		if o.Err != nil {
			t.Errorf("outcome %d has error %v", i, o.Err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("results (-want +got):\n%s", diff)
	}
}

// wantSame fails when got is not want; no elements and no list are the same.
func wantSame[T any](t tester, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantKind fails when err is not an Error of kind k.
func wantKind(t tester, what string, err error, k clientele.Kind) {
	t.Helper()
	if e, ok := errors.AsType[*clientele.Error](err); !ok || e.Kind != k {
		t.Errorf("%s: error %v; want kind %s", what, err, k)
	}
}
