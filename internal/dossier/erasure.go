package dossier

import (
	"slices"
	"strconv"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// peopleOf returns the values by which the customer of a dossier is known, and was by its history.
func peopleOf(d *Dossier) []clientele.Details {
	normal := map[string]*string{}
	for name, field := range map[string]string{"email_normal": "email", "phone_e164": "phone", "alt_phone_e164": "alt_phone"} {
		if s, _ := d.Customer[name].(string); s != "" {
			normal[field] = &s
		}
	}
	present := map[string]*string{}
	for name, value := range d.Customer {
		if s, isText := value.(string); isText {
			present[name] = &s
		}
	}
	people := []clientele.Details{detailsOf(present), detailsOf(normal)}
	for _, change := range d.Changes {
		text, _ := change["new_values"].(jsontext.Value)
		var values map[string]jsontext.Value
		if err := json.Unmarshal(text, &values); err != nil {
			continue // verify tells of it
		}
		former := map[string]*string{}
		for name, raw := range values {
			var s *string
			if json.Unmarshal(raw, &s) == nil {
				former[name] = s
			}
		}
		people = append(people, detailsOf(former))
	}
	return people
}

// detailsOf returns the values that stand under the names of fields.
func detailsOf(values map[string]*string) (d clientele.Details) {
	for f := range clientele.AllFields.All {
		if s := values[f.String()]; s != nil {
			*d.Of(f) = clientele.Some(*s)
		}
	}
	return d
}

// Known returns what the person is known by, and was, each once.
func (d *Dossier) Known() []clientele.Identifier {
	var list []clientele.Identifier
	seen := map[clientele.Identifier]bool{}
	for i := range d.people {
		for _, id := range clientele.Identifiers(&d.people[i], &clientele.Normal{}) {
			if !seen[id] {
				seen[id] = true
				list = append(list, id)
			}
		}
	}
	return list
}

// IPs returns the addresses on the network that the person has and had, as visits have them, each once.
func (d *Dossier) IPs() []string {
	var list []string
	for i := range d.people {
		if ip := clientele.VisitorIP(d.people[i].IP.V); ip != "" && !slices.Contains(list, ip) {
			list = append(list, ip)
		}
	}
	return list
}

// Rows returns what has to go with the customer: of the submissions not those that are of somebody else with, say, the same
// phone number.
func (d *Dossier) Rows(customer int64) (rows clientele.ErasedRows) {
	for _, r := range d.Submissions {
		if id, isText := r["id"].(string); isText && goesWith(r, customer) {
			rows.Submissions = append(rows.Submissions, id)
		}
	}
	for _, r := range d.RememberedCalls {
		credential, _ := r["credential_id"].(int64)
		key, _ := r["key"].(string)
		rows.Calls = append(rows.Calls, clientele.Idempotency{CredentialID: credential, Key: key})
	}
	seen := map[string]bool{}
	for _, r := range d.Attempts {
		id, _ := r["delivery_id"].(string)
		if answer, _ := r["answer"].(string); answer != "" && !seen[id] {
			seen[id] = true
			rows.Deliveries = append(rows.Deliveries, id)
		}
	}
	for _, r := range d.RefusedCalls {
		if id, isNumber := r["id"].(int64); isNumber {
			rows.Refusals = append(rows.Refusals, id)
		}
	}
	return rows
}

// goesWith reports whether a submission has values of the customer left, or still waits to bring some.
func goesWith(r Row, customer int64) bool {
	payload, _ := r["payload"].(jsontext.Value)
	isFinished := r["finished_at"] != nil
	if string(payload) == "{}" && isFinished {
		return false
	}
	if r["customer_id"] == customer || r["target"] == strconv.FormatInt(customer, 10) {
		return true
	}
	w, err := clientele.ReadPayload(payload)
	isOfAnother := r["customer_id"] != int64(0) || err == nil && !isFinished && w.Mode == clientele.UpdateCustomer && w.ID != customer
	return !isOfAnother
}
