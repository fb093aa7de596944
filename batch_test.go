package clientele_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// counter gives out ids from 101.
type counter struct{ customers, addresses, leads int64 }

func (c *counter) NextCustomerID() int64 { c.customers++; return 100 + c.customers }
func (c *counter) NextAddressID() int64  { c.addresses++; return 100 + c.addresses }
func (c *counter) NextLeadID() int64     { c.leads++; return 100 + c.leads }

func source(request string) clientele.Origin {
	return clientele.Origin{Dialect: clientele.PrimeLead, CredentialID: 7, RequestID: request}
}

func leadWrite(n int, lw clientele.LeadWrite) clientele.Write {
	return clientele.Write{ProjectID: 3, At: day(n), Origin: source(strconv.Itoa(n)), Lead: &lw}
}

func registers(n int, uuid string) clientele.Write {
	return leadWrite(n, clientele.LeadWrite{Register: &clientele.Lead{
		UUID: uuid, CampaignID: 5, PublisherID: 6, ActionAt: day(1), IP: clientele.Some("192.0.2.1"), UserAgent: clientele.Some("browser"),
		Subs: [5]clientele.Text{clientele.Some("mark")},
	}})
}

func reports(n int, uuid string, r clientele.LeadReport) clientele.Write {
	return leadWrite(n, clientele.LeadWrite{UUID: uuid, Report: r})
}

// valuesOf returns the values of a change.
func valuesOf(t *testing.T, c clientele.Change) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(c.Values, &m); err != nil {
		t.Fatalf("values %s: %v", c.Values, err)
	}
	return m
}

func wantOutcomes(t *testing.T, got []clientele.Outcome, want ...clientele.Outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("outcomes (-want +got):\n%s", diff)
	}
}

func TestBatch_RegistersAndReportsLeads(t *testing.T) {
	signed := report(contract)
	signed.NetValue = 12_345
	known := leadAt(t, wide)
	known.ID, known.ProjectID, known.UUID, known.Version, known.UpdatedAt = 9, 3, "known", 4, day(20)
	b := clientele.NewBatch([]clientele.Write{
		registers(2, "new"), reports(3, "new", signed), reports(4, "known", report(wide)), reports(5, "known", report(narrow)),
		reports(6, "unknown", report(wide)), reports(7, "known", report(canceled)),
	})
	if got := b.Keys()[3].LeadUUIDs; !slices.Equal(got, []string{"new", "known", "known", "unknown", "known"}) {
		t.Errorf("leads to look up: %v", got)
	}
	b.LoadLead(known)
	got := b.Decide(&counter{})
	if clientele.KindOf(got[5].Err) != clientele.KindConflict || got[5].Err == nil {
		t.Errorf("a cancellation without a contract: %v, want conflict", got[5].Err)
	}
	wantOutcomes(t, got[:5],
		clientele.Outcome{Result: clientele.Created, SubjectID: 101, Reference: "new"},
		clientele.Outcome{Result: clientele.Updated, SubjectID: 101, Reference: "new"},
		clientele.Outcome{Result: clientele.Unchanged, SubjectID: 9, Reference: "known"},
		clientele.Outcome{Result: clientele.Updated, SubjectID: 9, Reference: "known"},
		clientele.Outcome{Result: clientele.Missing})

	added, changed := slices.Collect(b.NewLeads), slices.Collect(b.ChangedLeads)
	if len(added) != 1 || len(changed) != 1 {
		t.Fatalf("%d leads to insert and %d to update, want 1 and 1", len(added), len(changed))
	}
	l := added[0]
	if l.ID != 101 || l.ProjectID != 3 || l.Version != 2 || l.Stage != contract || l.NetValue != 12_345 ||
		l.Source != clientele.PrimeLead || l.CredentialID != 7 || !l.CreatedAt.Equal(day(2)) || !l.UpdatedAt.Equal(day(3)) {
		t.Errorf("new lead %+v", l)
	}
	if l := changed[0]; l.Version != 5 || l.Stage != narrow || !l.UpdatedAt.Equal(day(20)) {
		t.Errorf("changed lead: version %d, %s, updated %v; want 5, narrow_contact, and a time that does not run backwards",
			l.Version, l.Stage, l.UpdatedAt)
	}
}

func TestBatch_HistoryOfLeadsTellsNoSecret(t *testing.T) {
	signed := report(contract)
	signed.NetValue, signed.NominalValue, signed.CustomerType = 5, 6, clientele.Some("new")
	b := clientele.NewBatch([]clientele.Write{registers(2, "secret-uuid"), reports(3, "secret-uuid", signed)})
	b.Decide(&counter{})
	want := []map[string]any{
		{"campaign_id": 5.0, "publisher_id": 6.0, "action_at": day(1).Format(time.RFC3339Nano), "sub1": "mark"},
		{
			"stage": "contract", "contract_at": day(10 + int(contract)).Format(time.RFC3339Nano), "net_value": 5.0,
			"nominal_value": 6.0, "customer_type": "new",
		},
	}
	if len(b.Changes) != len(want) {
		t.Fatalf("%d changes, want %d", len(b.Changes), len(want))
	}
	for i, c := range b.Changes {
		if diff := cmp.Diff(want[i], valuesOf(t, c)); diff != "" {
			t.Errorf("change %d (-want +got):\n%s", i, diff)
		}
		c.Values = nil
		action := [2]clientele.Action{clientele.ActionCreated, clientele.ActionUpdated}[i]
		whole := clientele.Change{
			ProjectID: 3, Subject: clientele.SubjectLead, SubjectID: 101, Action: action, Origin: source(strconv.Itoa(i + 2)), At: day(i + 2),
		}
		if diff := cmp.Diff(whole, c); diff != "" {
			t.Errorf("change %d (-want +got):\n%s", i, diff)
		}
	}
}

// named gives a write its caller's name.
func named(w clientele.Write, key, body string) clientele.Write {
	w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: key, BodyHash: clientele.HashSecret(clientele.OPM, body)}
	return w
}

func TestBatch_RepeatedCallsOfLeadsAndSubmissions(t *testing.T) {
	submission := clientele.Write{ProjectID: 3, At: day(2), Submission: &clientele.Submission{ID: "s-1", ProjectID: 3}}
	again := clientele.Write{ProjectID: 3, At: day(2), Submission: &clientele.Submission{ID: "s-2", ProjectID: 3}}
	b := clientele.NewBatch([]clientele.Write{
		named(registers(2, "one"), "lead", "body"), named(registers(2, "two"), "lead", "body"),
		named(submission, "submission", "body"), named(again, "submission", "body"),
		named(reports(2, "unknown", report(wide)), "missing", "body"), named(registers(2, "three"), "missing", "other"),
	})
	lead := clientele.Outcome{Result: clientele.Created, SubjectID: 101, Reference: "one"}
	submitted := clientele.Outcome{Result: clientele.Created, Reference: "s-1", Waits: true}
	again1 := clientele.Outcome{Result: clientele.Created, Reference: "s-1"}
	wantOutcomes(t, b.Decide(&counter{}), lead, lead, submitted, again1, clientele.Outcome{Result: clientele.Missing},
		clientele.Outcome{Result: clientele.Created, SubjectID: 102, Reference: "three"})
	if n := len(slices.Collect(b.NewLeads)); n != 2 {
		t.Errorf("%d leads, want 2", n)
	}
	if len(b.NewSubmissions) != 1 || b.NewSubmissions[0].ID != "s-1" {
		t.Errorf("submissions %v, want the first alone", b.NewSubmissions)
	}
	var remembered []string
	for _, r := range b.NewRemembered {
		remembered = append(remembered, r.Key+"="+r.Reference)
		if r.ProjectID != 3 || !r.At.Equal(day(2)) || r.CredentialID != 7 {
			t.Errorf("remembered %+v", r)
		}
	}
	if !slices.Equal(remembered, []string{"lead=one", "submission=s-1", "missing=three"}) {
		t.Errorf("remembered %v", remembered)
	}
}

// completes makes a write carry out a submission.
func completes(w clientele.Write, id, lease string) clientele.Write {
	w.Completes = &clientele.Completion{SubmissionID: id, Lease: lease}
	return w
}

// TestBatch_TellsOfRepeats: an answer that was only read is told from that of a write which takes effect.
func TestBatch_TellsOfRepeats(t *testing.T) {
	writes := []clientele.Write{named(registers(2, "one"), "key", "body")}
	first, again := clientele.NewBatch(writes), clientele.NewBatch(writes)
	first.Decide(&counter{})
	again.LoadRemembered(*first.NewRemembered[0])
	again.Decide(&counter{})
	if first.Repeats() || !again.Repeats() {
		t.Errorf("repeats: %t, and when it was sent again %t; want false and true", first.Repeats(), again.Repeats())
	}
}

func customerWrite(n int, mode clientele.CustomerMode, id int64, externalID string) clientele.Write {
	var p clientele.Patch
	p.Put(clientele.FieldExternalID, clientele.Some(externalID))
	return clientele.Write{
		ProjectID: 3, At: day(n), Origin: source(strconv.Itoa(n)), Customer: &clientele.CustomerWrite{Mode: mode, ID: id, Patch: p},
	}
}

func TestBatch_CompletesASubmissionOnceAndUnderItsLease(t *testing.T) {
	b := clientele.NewBatch([]clientele.Write{
		completes(customerWrite(2, clientele.CreateCustomer, 0, "a"), "s-1", "mine"),
		completes(customerWrite(3, clientele.CreateCustomer, 0, "b"), "s-1", "mine"),   // once
		completes(customerWrite(4, clientele.CreateCustomer, 0, "c"), "s-2", "mine"),   // another's by now
		completes(customerWrite(5, clientele.CreateCustomer, 0, "d"), "s-3", "mine"),   // finished by now
		completes(customerWrite(6, clientele.UpdateCustomer, 999, "e"), "s-4", "mine"), // no such customer
		completes(customerWrite(7, clientele.CreateCustomer, 0, "a"), "s-5", "mine"),   // its key is taken
		completes(clientele.Write{ProjectID: 3, At: day(8)}, "s-6", "mine"),            // not to be carried out
	})
	if got := b.Keys()[3].Submissions; !slices.Equal(got, []string{"s-1", "s-1", "s-2", "s-3", "s-4", "s-5", "s-6"}) {
		t.Errorf("submissions to look up: %v", got)
	}
	for id, lease := range map[string]string{"s-1": "mine", "s-2": "theirs", "s-4": "mine", "s-5": "mine", "s-6": "mine"} {
		b.LoadSubmission(id, lease)
	}
	var results []clientele.Result
	for _, o := range b.Decide(&counter{}) {
		results = append(results, o.Result)
	}
	wantResults := []clientele.Result{
		clientele.Created, clientele.Missing, clientele.Missing, clientele.Missing, clientele.Missing, clientele.ExternalIDTaken, 0,
	}
	if !slices.Equal(results, wantResults) {
		t.Errorf("results %v, want %v", results, wantResults)
	}
	want := []clientele.FinishedSubmission{
		{ID: "s-1", ProjectID: 3, Status: clientele.Succeeded, CustomerID: 101, At: day(2)},
		{ID: "s-4", ProjectID: 3, Status: clientele.Failed, Failure: clientele.CustomerMissing, At: day(6)},
		{ID: "s-5", ProjectID: 3, Status: clientele.Failed, Failure: clientele.KeyTaken, At: day(7)},
		{ID: "s-6", ProjectID: 3, Status: clientele.Failed, Failure: clientele.Unforeseen, At: day(8)},
	}
	if diff := cmp.Diff(want, b.FinishedSubmissions); diff != "" {
		t.Errorf("finished (-want +got):\n%s", diff)
	}
	if n := len(slices.Collect(b.NewCustomers)); n != 1 {
		t.Errorf("%d customers, want 1", n)
	}
}

func TestBatch_WhatAStoreHasToDo(t *testing.T) {
	customer := func(id int64, key string) clientele.Customer {
		return clientele.Customer{ID: id, ProjectID: 3, Version: 1, Details: clientele.Details{ExternalID: clientele.Some(key)}}
	}
	fax := customerWrite(5, clientele.UpsertCustomer, 0, "untouched key")
	fax.Customer.Patch.Put(clientele.FieldFax, clientele.Some("new"))
	b := clientele.NewBatch([]clientele.Write{
		customerWrite(2, clientele.UpsertCustomer, 0, "same"), customerWrite(3, clientele.UpdateCustomer, 8, "moved"),
		customerWrite(4, clientele.CreateCustomer, 0, "old"), fax, fax,
	})
	for _, c := range []clientele.Customer{customer(7, "same"), customer(8, "old"), customer(9, "untouched key"), customer(8, "old")} {
		b.LoadCustomer(c)
	}
	b.Decide(&counter{})
	ids := func(list []*clientele.Customer) []int64 {
		var ids []int64
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids
	}
	for what, got := range map[string]struct{ got, want []int64 }{
		"to insert": {ids(slices.Collect(b.NewCustomers)), []int64{101}},
		"to update": {ids(slices.Collect(b.ChangedCustomers)), []int64{8, 9}},
		"rekeyed":   {ids(b.RekeyedCustomers()), []int64{8}},
	} {
		if !slices.Equal(got.got, got.want) {
			t.Errorf("customers %s: %v, want %v", what, got.got, got.want)
		}
	}
	if n := len(b.Changes); n != 3 {
		t.Errorf("%d changes, want 3", n)
	}
}
