package main

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// The kinds of calls about one customer.
type callKind string

const (
	callEntry    callKind = "entry"    // OPM: creates, or updates what is stated
	callRegister callKind = "register" // Onlinewerkrooster: creates, never overwrites
	callUpdate   callKind = "update"   // DKHardware: an update that has been carried out
	callName     callKind = "name"     // Onlinewerkrooster's list: the one name it knows
	callShow     callKind = "show"     // DKHardware's customer
)

// person is what of a customer the calls write and read; the zero person is not there.
type person struct {
	There                bool
	First, Last, Company string
}

// name is the single name that Onlinewerkrooster shows.
func (p person) name() string {
	switch {
	case p.Company != "":
		return p.Company
	case p.First != "" && p.Last != "":
		return p.First + " " + p.Last
	default:
		return p.First + p.Last
	}
}

// called is what a call asked for. An empty text is not stated.
type called struct {
	customer             string
	kind                 callKind
	first, last, company string
}

// told is what a call was answered: a status, 0 when no answer came, and what a read showed. Of callName only There and
// Company, which is the name, count.
type told struct {
	status int
	seen   person
}

// never is when a call returned whose answer was lost: it may take effect at any time after it was sent, or not at all,
// which nobody can tell from an effect after everything that was read.
const never = math.MaxInt64

// customers is the sequential specification of the book as the calls see it, one customer at a time.
func customers() porcupine.Model {
	return porcupine.Model{
		Partition: byCustomer,
		Init:      func() any { return person{} },
		Step: func(state, input, output any) (bool, any) {
			return answerTo(state.(person), input.(called), output.(told))
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}

func byCustomer(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, o := range history {
		c := o.Input.(called).customer
		parts[c] = append(parts[c], o)
	}
	var list [][]porcupine.Operation
	for _, part := range parts {
		list = append(list, part)
	}
	return list
}

// answerTo says whether a book with the person in it can answer so, and whom it has then.
func answerTo(p person, in called, out told) (bool, person) {
	lost := out.status == 0
	switch in.kind {
	case callEntry:
		want := http.StatusCreated
		if p.There {
			want = http.StatusAccepted
		}
		return lost || out.status == want, p.with(in)
	case callRegister:
		if !p.There {
			return lost || out.status == http.StatusOK, p.with(in)
		}
		want := http.StatusConflict
		if p.Company == in.company {
			want = http.StatusOK
		}
		return lost || out.status == want, p
	case callUpdate:
		if !p.There {
			return lost, p
		}
		return lost || out.status == http.StatusOK, p.with(in)
	case callName:
		return out.seen.There == p.There && out.seen.Company == p.name(), p
	case callShow:
		return out.seen == p, p
	}
	return false, p
}

// with returns the person with what the call states.
func (p person) with(in called) person {
	p.There = true
	for _, one := range []struct {
		to   *string
		text string
	}{{&p.First, in.first}, {&p.Last, in.last}, {&p.Company, in.company}} {
		if one.text != "" {
			*one.to = one.text
		}
	}
	return p
}

// linearizable returns what is wrong with a history; "" when some order of its calls, each between its begin and its end,
// explains every answer.
func linearizable(history []porcupine.Operation) string {
	for _, part := range byCustomer(history) {
		if got := porcupine.CheckOperationsTimeout(customers(), part, time.Minute); got != porcupine.Ok {
			return fmt.Sprintf("customer %s: %s, in %d calls\n%s", part[0].Input.(called).customer, got, len(part), written(part))
		}
	}
	return ""
}

// written is a history for people.
func written(history []porcupine.Operation) (text string) {
	for _, o := range history {
		text += fmt.Sprintf("  %12d %20d  %+v -> %+v\n", o.Call, o.Return, o.Input, o.Output)
	}
	return text
}

// TestLinear_TheModelTells which short histories are in order, so that the test of the server can fail.
func TestLinear_TheModelTells(t *testing.T) {
	entry := func(call, end int64, first string, status int) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: end, Input: called{customer: "1", kind: callEntry, first: first}, Output: told{status: status}}
	}
	show := func(call, end int64, first string) porcupine.Operation {
		seen := person{There: first != "", First: first}
		return porcupine.Operation{Call: call, Return: end, Input: called{customer: "1", kind: callShow}, Output: told{200, seen}}
	}
	register := func(call, end int64, company string, status int) porcupine.Operation {
		return porcupine.Operation{Call: call, Return: end, Input: called{customer: "1", kind: callRegister, company: company}, Output: told{status: status}}
	}
	for name, c := range map[string]struct {
		ok      bool
		history []porcupine.Operation
	}{
		"one after the other":               {true, []porcupine.Operation{entry(0, 1, "a", 201), entry(2, 3, "b", 202), show(4, 5, "b")}},
		"a stale read":                      {false, []porcupine.Operation{entry(0, 1, "a", 201), entry(2, 3, "b", 202), show(4, 5, "a")}},
		"a read at the same time":           {true, []porcupine.Operation{entry(0, 1, "a", 201), entry(2, 5, "b", 202), show(3, 4, "a")}},
		"a read that goes back":             {false, []porcupine.Operation{entry(0, 1, "a", 201), entry(2, 9, "b", 202), show(3, 4, "b"), show(5, 6, "a")}},
		"an acknowledged create is missing": {false, []porcupine.Operation{entry(0, 1, "a", 201), show(2, 3, "")}},
		"created twice":                     {false, []porcupine.Operation{entry(0, 9, "a", 201), entry(0, 9, "b", 201)}},
		"updated before it was created":     {false, []porcupine.Operation{entry(0, 1, "a", 202), entry(2, 3, "b", 201)}},
		"lost and done":                     {true, []porcupine.Operation{entry(0, never, "a", 0), show(2, 3, "a")}},
		"lost and not done":                 {true, []porcupine.Operation{entry(0, never, "a", 0), show(2, 3, "")}},
		"lost, done, and undone":            {false, []porcupine.Operation{entry(0, never, "a", 0), show(2, 3, "a"), show(4, 5, "")}},
		"lost, and done before it was sent": {false, []porcupine.Operation{show(0, 1, "a"), entry(2, never, "a", 0)}},
		"registered again":                  {true, []porcupine.Operation{register(0, 1, "A", 200), register(2, 3, "A", 200), register(4, 5, "B", 409)}},
		"overwritten by a registration":     {false, []porcupine.Operation{register(0, 1, "A", 200), register(2, 3, "B", 200)}},
	} {
		if got := linearizable(c.history); (got == "") != c.ok {
			t.Errorf("%s: found %q", name, got)
		}
	}
}
