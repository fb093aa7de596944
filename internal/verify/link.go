package verify

import (
	"context"
	"fmt"

	"clientele"
)

// uniqueKeys are the keys that partners, operators and links name records by.
func uniqueKeys() []clientele.UniqueKey {
	return []clientele.UniqueKey{
		{Table: "project", Column: "name", ID: "id"},
		{Table: "credential", Column: "client_id", ID: "id"},
		{Table: "publisher", Column: "uuid", ID: "id"},
		{Table: "operator", Column: "email", ID: "id"},
		{Table: "campaign", Column: "uuid", ID: "id", Owned: true},
		{Table: "customer", Column: "external_id", ID: "id", Owned: true},
		{Table: "customer", Column: "external_number", ID: "id", Owned: true},
		{Table: "lead", Column: "uuid", ID: "id", Owned: true},
		{Table: "submission", Column: "id", ID: "seq", Owned: true},
		{Table: "delivery", Column: "id", ID: "seq", Owned: true},
	}
}

// references are those between tables that the histories do not tell of.
func references() []clientele.Reference {
	return []clientele.Reference{
		{Table: "credential_grant", Column: "credential_id", ID: "credential_id", To: "credential", ToColumn: "id"},
		{Table: "credential_grant", Column: "project_id", ID: "credential_id", To: "project", ToColumn: "id"},
		{Table: "credential_secret", Column: "credential_id", ID: "credential_id", To: "credential", ToColumn: "id"},
		{Table: "lead", Column: "campaign_id", ID: "id", To: "campaign", ToColumn: "id", Owned: true},
		{Table: "lead", Column: "publisher_id", ID: "id", To: "publisher", ToColumn: "id"},
		{Table: "delivery", Column: "event_seq", ID: "id", To: "event", ToColumn: "seq", Owned: true},
		{Table: "delivery", Column: "subscription_id", ID: "id", To: "subscription", ToColumn: "id", Owned: true},
		{Table: "attempt", Column: "delivery_id", ID: "delivery_id", To: "delivery", ToColumn: "id", Owned: true},
		{
			Table: "submission", Column: "customer_id", ID: "id", To: "customer", ToColumn: "id", Gone: "erasure", GoneColumn: "customer_id",
			Owned: true, ZeroIsNone: true,
		},
	}
}

// links verifies the keys and the references of a project, or with the zero project those that belong to none.
func (v *verifier) links(ctx context.Context, p clientele.Project) error {
	for _, k := range uniqueKeys() {
		if k.Owned != (p.ID != 0) {
			continue
		}
		list, err := v.book.ListDuplicates(ctx, k, p.ID, maxListed)
		if err != nil {
			return err
		}
		for _, d := range list {
			v.found(Finding{
				Invariant: KeyUnique, Project: p.ID, Subject: k.Table, ID: d.First,
				Message: fmt.Sprintf("shares its %s with %d others, such as %s", k.Column, d.Rows-1, d.Last),
			})
		}
	}
	for _, r := range references() {
		if r.Owned != (p.ID != 0) {
			continue
		}
		list, err := v.book.ListDanglers(ctx, r, p.ID, maxListed)
		if err != nil {
			return err
		}
		for _, d := range list {
			v.found(Finding{
				Invariant: ReferenceHeld, Project: p.ID, Subject: r.Table, ID: d.ID,
				Message: fmt.Sprintf("refers to %s %s, which is not there", r.To, d.Value),
			})
		}
	}
	return nil
}

// looseHistories verifies that histories lead to all changes.
func (v *verifier) looseHistories(ctx context.Context) error {
	list, err := v.book.ListLooseHistories(ctx, v.project.ID, maxListed)
	for _, h := range list {
		message := "has changes that its history does not lead to"
		if h.Gone {
			message = "has a history and is not there"
		}
		v.foundIn(HistoryReplays, string(h.Subject), h.SubjectID, message)
	}
	return err
}

// numbers verifies that no number would be given out again.
func (v *verifier) numbers(ctx context.Context) error {
	list, err := v.book.ListNumberings(ctx)
	for _, n := range list {
		if n.Highest > n.Given {
			v.found(Finding{
				Invariant: NumbersAhead, Subject: n.Table,
				Message: fmt.Sprintf("has a row with %s %d, and the numbers given out end with %d", n.Column, n.Highest, n.Given),
			})
		}
	}
	return err
}
