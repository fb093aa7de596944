package onlinewerkrooster

import (
	"testing"

	"clientele"
)

// TestName_IsTheCompanyOrThePerson: a company of blanks, which DKHardware's partners send where there is none, is none.
func TestName_IsTheCompanyOrThePerson(t *testing.T) {
	person := clientele.Details{FirstName: clientele.Some("Ada"), LastName: clientele.Some("Baker")}
	for _, c := range []struct {
		company clientele.Text
		details clientele.Details
		want    clientele.Text
	}{
		{clientele.Some("Bakery"), person, clientele.Some("Bakery")},
		{clientele.Text{}, person, clientele.Some("Ada Baker")},
		{clientele.Some(""), person, clientele.Some("Ada Baker")},
		{clientele.Some(" \t"), person, clientele.Some("Ada Baker")},
		{clientele.Some(""), clientele.Details{}, clientele.Text{}},
	} {
		c.details.Company = c.company
		if got := name(&clientele.Customer{Details: c.details}); got != c.want {
			t.Errorf("of company %+v: %+v, want %+v", c.company, got, c.want)
		}
	}
}
