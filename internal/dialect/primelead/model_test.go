package primelead_test

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"clientele"
)

// The statuses in documented order, and the parameters of their dates. The model knows the dialect's words only: it shares
// no code with clientele.Lead.
var (
	modelStatuses = []string{"wide_contact", "narrow_contact", "application", "contract", "contract_canceled"}
	modelDates    = []string{"wideContact", "narrowContact", "application", "contract", "contractCanceled"}
)

// modelLead is a second, plain opinion about a lead. It is never changed, only replaced.
type modelLead struct {
	status  string
	reached map[string]string // status to date, in UTC
	net     string            // in hundredths; empty for none, like the two below
	nominal string
	kind    string
}

// modelReport is what one call states, in the model's words.
type modelReport struct {
	reached map[string]string
	net     string
	nominal string
	kind    string
}

// apply returns the lead after a report, and the code of the answer.
func (m modelLead) apply(r modelReport) (modelLead, int) {
	if m.status == "contract_canceled" {
		return m, m.repeat(r)
	}
	after := m
	after.reached = maps.Clone(m.reached)
	if after.reached == nil {
		after.reached = map[string]string{}
	}
	for _, v := range []struct {
		to   *string
		from string
	}{{&after.net, r.net}, {&after.nominal, r.nominal}, {&after.kind, r.kind}} {
		if v.from != "" {
			*v.to = v.from
		}
	}
	for i, status := range modelStatuses {
		date := r.reached[status]
		switch {
		case date == "":
			continue
		case status == "contract" && after.net == "":
			return m, 422
		case status == "contract_canceled" && after.reached["contract"] == "":
			return m, 409
		}
		if after.reached[status] == "" {
			after.reached[status] = date
		}
		if after.status == "" || i > indexOf(after.status) {
			after.status = status
		}
	}
	return after, 200
}

// repeat returns the code of the answer to a report after a cancellation: 200 when it says nothing new and says that it is
// cancelled.
func (m modelLead) repeat(r modelReport) int {
	if r.reached["contract_canceled"] == "" {
		return 409
	}
	for status := range r.reached {
		if m.reached[status] == "" {
			return 409
		}
	}
	if r.net != "" && r.net != m.net || r.nominal != "" && r.nominal != m.nominal || r.kind != "" && r.kind != m.kind {
		return 409
	}
	return 200
}

func indexOf(status string) int {
	for i, s := range modelStatuses {
		if s == status {
			return i
		}
	}
	return -1
}

// String tells all of the model's lead, so that two can be compared.
func (m modelLead) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q, net %q, nominal %q, %q", m.status, m.net, m.nominal, m.kind)
	for _, status := range modelStatuses {
		if at := m.reached[status]; at != "" {
			fmt.Fprintf(&b, ", %s %s", status, at)
		}
	}
	return b.String()
}

// modelOf returns a stored lead in the model's words.
func modelOf(l clientele.Lead) modelLead {
	m := modelLead{status: l.Stage.String(), reached: map[string]string{}, kind: l.CustomerType.V}
	for i, status := range modelStatuses {
		if at := l.ReachedAt[i+1]; !at.IsZero() {
			m.reached[status] = at.Format(time.DateTime)
		}
	}
	if l.NetValue != 0 {
		m.net = fmt.Sprint(int64(l.NetValue))
	}
	if l.NominalValue != 0 {
		m.nominal = fmt.Sprint(int64(l.NominalValue))
	}
	return m
}

// orders calls yield with every order of n things.
func orders(n int, yield func([]int) bool) bool {
	var place func(order []int, rest []int) bool
	place = func(order, rest []int) bool {
		if len(rest) == 0 {
			return yield(order)
		}
		for i := range rest {
			others := append(append([]int{}, rest[:i]...), rest[i+1:]...)
			if !place(append(order[:len(order):len(order)], rest[i]), others) {
				return false
			}
		}
		return true
	}
	rest := make([]int, n)
	for i := range rest {
		rest[i] = i
	}
	return place(nil, rest)
}

// agrees reports whether there is an order in which reports that were sent at once have the answers that they had, and leave
// the lead as it is now.
func (m modelLead) agrees(reports []modelReport, answers []int, now modelLead) bool {
	found := false
	orders(len(reports), func(order []int) bool {
		lead := m
		for _, i := range order {
			var code int
			if lead, code = lead.apply(reports[i]); code != answers[i] {
				return true // not this order
			}
		}
		found = lead.String() == now.String()
		return !found
	})
	return found
}
