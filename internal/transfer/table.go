package transfer

import "clientele"

// Tables are the tables of a book in the order in which they can be filled: each after those it refers to, and the history
// behind what it tells of. What is not here concerns one store or one moment: claims, marks, the schema's version.
var Tables = []clientele.Part{
	{Table: "project", Key: []string{"id"}},
	{Table: "credential", Key: []string{"id"}},
	{Table: "credential_grant", Key: []string{"credential_id", "position"}},
	{Table: "credential_secret", Key: []string{"hash"}},
	{Table: "signing_key", Key: []string{"id"}},
	{Table: "publisher", Key: []string{"id"}},
	{Table: "erasure_key", Key: []string{"id"}},
	{Table: "erasure", Owned: true, Key: []string{"customer_id"}},
	{Table: "erasure_mark", Owned: true, Key: []string{"mark", "customer_id"}},
	{Table: "campaign", Owned: true, Key: []string{"id"}},
	{Table: "customer", Owned: true, Key: []string{"id"}},
	{Table: "address", Owned: true, Key: []string{"id"}},
	{Table: "lead", Owned: true, Key: []string{"id"}},
	{Table: "remembered_call", Owned: true, Key: []string{"credential_id", "key"}},
	{Table: "submission", Owned: true, Key: []string{"seq"}},
	{Table: "subscription", Owned: true, Key: []string{"id"}},
	{Table: "event", Owned: true, Key: []string{"seq"}},
	{Table: "delivery", Owned: true, Key: []string{"seq"}},
	{Table: "attempt", Owned: true, Key: []string{"delivery_id", "number"}},
	{Table: "change", Owned: true, Key: []string{"seq"}},
	{Table: "operator", Key: []string{"id"}},
	{Table: "audit", Key: []string{"seq"}},
}

// tableNames returns the names of Tables.
func tableNames() []string {
	names := make([]string, len(Tables))
	for i := range Tables {
		names[i] = Tables[i].Table
	}
	return names
}
