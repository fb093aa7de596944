package onlinewerkrooster_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"
	"clientele/internal/dialect/dialecttest"
	"clientele/internal/dialect/onlinewerkrooster"
)

// bakery returns the body of a create.
func bakery(id int, number, name string) string {
	return fmt.Sprintf(`{"extCustomerId":%d,"extCustomerNumber":%q,"name":%q,"enterpriseNumber":"BE0123456749","address":{"city":"Lommel"}}`,
		id, number, name)
}

// createForeign stores a customer in a project of its own and returns its id.
func createForeign(t *testing.T, s dialecttest.Store) string {
	t.Helper()
	p, err := s.CreateProject(t.Context(), clientele.Project{Name: "foreign", TimeZone: "UTC", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var patch clientele.Patch
	patch.Put(clientele.FieldExternalID, clientele.Some("1"))
	patch.Put(clientele.FieldExternalNumber, clientele.Some("N1"))
	outcomes, err := s.Commit(t.Context(), []clientele.Write{{
		ProjectID: p.ID, At: time.Now(), Origin: clientele.Origin{Dialect: clientele.Onlinewerkrooster, RequestID: "foreign"},
		Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: patch},
	}})
	if err != nil || outcomes[0].Result != clientele.Created {
		t.Fatalf("create a foreign customer: %v, %v", outcomes, err)
	}
	return strconv.FormatInt(outcomes[0].SubjectID, 10)
}

// told is what a caller was told.
type told struct {
	Status     int
	Code       string
	Message    string
	CustomerID int64
}

// contest is one race for keys of its own, on a server that others have used before.
type contest struct {
	*dialecttest.Server
	round int
}

// id and number return the nth of the keys that this contest is about.
func (c *contest) id(n int) int { return c.round*1000 + n }

func (c *contest) number(n int) string { return fmt.Sprintf("R%d-%d", c.round, n) }

// race sends all bodies at once, each on a connection of its own, and returns what each caller was told.
func (c *contest) race(t *testing.T, bodies []string) []told {
	t.Helper()
	answers, errs := make([]told, len(bodies)), make([]error, len(bodies))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, body := range bodies {
		all.Go(func() {
			<-start
			var a *dialecttest.Answer
			a, errs[i] = c.Send(&dialecttest.Request{
				Method: http.MethodPost, Target: "/api/customers", Header: []dialecttest.HeaderLine{{Name: "apikey", Value: c.Vars["KEY"]}},
				Body: []byte(body),
			})
			if errs[i] == nil {
				answers[i].Status, errs[i] = a.Status, json.Unmarshal(a.Body, &answers[i])
			}
		})
	}
	close(start)
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("caller %d: %v", i, err)
		}
	}
	return answers
}

// stored returns the customers that the contest left behind, by number; each was created, once, and nothing else.
func (c *contest) stored(t *testing.T) map[string]clientele.Customer {
	t.Helper()
	shelf := c.Store.(onlinewerkrooster.Shelf)
	ids, _, err := shelf.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: c.Project, Limit: clientele.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	customers, err := c.Store.LoadCustomers(t.Context(), c.Project, ids)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]clientele.Customer{}
	for _, customer := range customers {
		if !strings.HasPrefix(customer.ExternalNumber.V, fmt.Sprintf("R%d-", c.round)) {
			continue
		}
		found[customer.ExternalNumber.V] = customer
		changes, err := c.Store.(history).ListChanges(t.Context(), c.Project, clientele.SubjectCustomer, customer.ID)
		if err != nil || len(changes) != 1 || customer.Version != 1 || len(customer.Addresses) != 1 {
			t.Errorf("customer %d has %d changes, version %d, %d addresses; want one of each (%v)",
				customer.ID, len(changes), customer.Version, len(customer.Addresses), err)
		}
	}
	return found
}

// storedOne returns the only customer that the contest left behind.
func (c *contest) storedOne(t *testing.T) clientele.Customer {
	t.Helper()
	found := c.stored(t)
	if len(found) != 1 {
		t.Fatalf("%d customers, want one", len(found))
	}
	return slices.Collect(maps.Values(found))[0]
}

// callers is how many take part in a race, and rounds how often each race is run.
const (
	callers = 20
	rounds  = 3
)

// TestConcurrent holds that of creates at once with the same keys one makes the record, and everybody hears the truth.
func TestConcurrent(t *testing.T) {
	d := newDialect(t)
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		c := &contest{Server: dialecttest.Start(t, d, m)}
		for range rounds {
			for _, race := range []struct {
				name string
				run  func(*testing.T, *contest)
			}{
				{"SameBody", raceOfSameBody}, {"SameID", raceForID}, {"SameNumber", raceForNumber}, {"AllWithAll", raceOfAll},
			} {
				c.round++
				t.Run(race.name, func(t *testing.T) { race.run(t, c) })
			}
		}
	})
}

// raceOfSameBody: one record, and everybody is told its ids.
func raceOfSameBody(t *testing.T, c *contest) {
	answers := c.race(t, slices.Repeat([]string{bakery(c.id(1), c.number(1), "Bakery")}, callers))
	want := told{Status: http.StatusOK, CustomerID: c.storedOne(t).ID}
	for i, a := range answers {
		if a != want {
			t.Errorf("caller %d was told %+v, want %+v", i, a, want)
		}
	}
}

// raceForID: one record; its sender alone is told of success, the others what stands and what differs.
func raceForID(t *testing.T, c *contest) {
	var bodies []string
	for i := range callers {
		bodies = append(bodies, bakery(c.id(1), c.number(i), fmt.Sprintf("Bakery %d", i)))
	}
	answers := c.race(t, bodies)
	winner := c.storedOne(t)
	for i, a := range answers {
		want := told{
			http.StatusConflict, "EXT_CUSTOMER_ID_EXISTS",
			fmt.Sprintf("extCustomerId %d exists with other values of: extCustomerNumber, name.", c.id(1)), winner.ID,
		}
		if winner.ExternalNumber.V == c.number(i) {
			want = told{Status: http.StatusOK, CustomerID: winner.ID}
		}
		if a != want {
			t.Errorf("caller %d was told %+v, want %+v", i, a, want)
		}
	}
	_, n, _ := strings.Cut(winner.ExternalNumber.V, "-")
	if winner.Company.V != "Bakery "+n {
		t.Errorf("number %s stands with name %q: the record is made of two bodies", winner.ExternalNumber.V, winner.Company.V)
	}
}

// raceForNumber: one record; its sender alone is told of success, the others that the number is taken.
func raceForNumber(t *testing.T, c *contest) {
	var bodies []string
	for i := range callers {
		bodies = append(bodies, bakery(c.id(i), c.number(1), "Bakery"))
	}
	answers := c.race(t, bodies)
	winner := c.storedOne(t)
	for i, a := range answers {
		want := told{
			http.StatusConflict, "EXT_CUSTOMER_NUMBER_EXISTS", "extCustomerNumber " + c.number(1) + " belongs to another customer.", 0,
		}
		if winner.ExternalID.V == fmt.Sprint(c.id(i)) {
			want = told{Status: http.StatusOK, CustomerID: winner.ID}
		}
		if a != want {
			t.Errorf("caller %d was told %+v, want %+v", i, a, want)
		}
	}
}

// raceOfAll sends every id with every number at once, each body twice. Whoever is told of success has its record;
// whoever is not is told of a record that stands.
func raceOfAll(t *testing.T, c *contest) {
	const keys = 4
	keysOf := func(caller int) (id int, number string) { return c.id(caller % keys), c.number(caller / keys % keys) }
	var bodies []string
	for i := range 2 * keys * keys {
		id, number := keysOf(i)
		bodies = append(bodies, bakery(id, number, "Bakery"))
	}
	answers := c.race(t, bodies)
	byNumber, byID := c.stored(t), map[string]clientele.Customer{}
	for _, customer := range byNumber {
		byID[customer.ExternalID.V] = customer
	}
	successes := 0
	for i, a := range answers {
		id, number := keysOf(i)
		own, held := byID[fmt.Sprint(id)], byNumber[number]
		if a.Status == http.StatusOK {
			successes++
		}
		switch {
		case a.Status == http.StatusOK && own.ID == a.CustomerID && held.ID == own.ID:
		case a.Code == "EXT_CUSTOMER_ID_EXISTS" && own.ID == a.CustomerID && held.ID != own.ID &&
			strings.HasSuffix(a.Message, "values of: extCustomerNumber."):
		case a.Code == "EXT_CUSTOMER_NUMBER_EXISTS" && held.ID != 0 && held.ID != own.ID:
		default:
			t.Errorf("%d/%s was told %+v; the id has customer %d, the number %d", id, number, a, own.ID, held.ID)
		}
	}
	if successes != 2*len(byID) || len(byID) == 0 {
		t.Errorf("%d callers were told of success with %d records; each body came twice", successes, len(byID))
	}
}
