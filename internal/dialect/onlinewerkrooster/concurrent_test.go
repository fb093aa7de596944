package onlinewerkrooster_test

import (
	"encoding/json"
	"fmt"
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

// race sends all bodies at once, each on a connection of its own, and returns what each caller was told.
func race(t *testing.T, s *dialecttest.Server, bodies []string) []told {
	t.Helper()
	answers, errs := make([]told, len(bodies)), make([]error, len(bodies))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, body := range bodies {
		all.Go(func() {
			<-start
			var a *dialecttest.Answer
			a, errs[i] = s.Send(&dialecttest.Request{
				Method: http.MethodPost, Target: "/api/customers", Header: []dialecttest.HeaderLine{{Name: "apikey", Value: s.Vars["KEY"]}},
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

// count returns how many callers were told this status and code.
func count(answers []told, status int, code string) int {
	n := 0
	for _, a := range answers {
		if a.Status == status && a.Code == code {
			n++
		}
	}
	return n
}

// stored returns the customers of the server's project.
func stored(t *testing.T, s *dialecttest.Server) []clientele.Customer {
	t.Helper()
	shelf := s.Store.(onlinewerkrooster.Shelf)
	ids, _, err := shelf.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: s.Project, Limit: clientele.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	customers, err := shelf.LoadCustomers(t.Context(), s.Project, ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range customers {
		changes, err := s.Store.(history).ListChanges(t.Context(), s.Project, clientele.SubjectCustomer, c.ID)
		if err != nil || len(changes) != 1 || c.Version != 1 || len(c.Addresses) != 1 {
			t.Errorf("customer %d has %d changes, version %d, %d addresses; want one of each (%v)", c.ID, len(changes), c.Version, len(c.Addresses), err)
		}
	}
	return customers
}

// The callers of a race, and how often each race is run.
const (
	callers = 20
	rounds  = 2
)

func eachRace(t *testing.T, test func(*testing.T, *dialecttest.Server)) {
	d := newDialect(t)
	eachStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		for range rounds {
			test(t, dialecttest.Start(t, d, m))
		}
	})
}

// TestConcurrent_SameBody: one record, and everybody is told its ids.
func TestConcurrent_SameBody(t *testing.T) {
	eachRace(t, func(t *testing.T, s *dialecttest.Server) {
		answers := race(t, s, slices.Repeat([]string{bakery(1, "N1", "Bakery")}, callers))
		customers := stored(t, s)
		if len(customers) != 1 {
			t.Fatalf("%d customers, want one", len(customers))
		}
		for i, a := range answers {
			if a.Status != http.StatusOK || a.CustomerID != customers[0].ID {
				t.Errorf("caller %d was told %+v, want customer %d", i, a, customers[0].ID)
			}
		}
	})
}

// TestConcurrent_SameID: one record; its sender alone is told of success, the others what stands and what differs.
func TestConcurrent_SameID(t *testing.T) {
	eachRace(t, func(t *testing.T, s *dialecttest.Server) {
		var bodies []string
		for i := range callers {
			bodies = append(bodies, bakery(1, fmt.Sprintf("N%d", i), fmt.Sprintf("Bakery %d", i)))
		}
		answers := race(t, s, bodies)
		customers := stored(t, s)
		if len(customers) != 1 || count(answers, http.StatusOK, "") != 1 {
			t.Fatalf("%d customers, %d callers were told of success; want one of each", len(customers), count(answers, http.StatusOK, ""))
		}
		winner := customers[0]
		for i, a := range answers {
			want := told{
				http.StatusConflict, "EXT_CUSTOMER_ID_EXISTS", "extCustomerId 1 exists with other values of: extCustomerNumber, name.", winner.ID,
			}
			if winner.Company.V == fmt.Sprintf("Bakery %d", i) {
				want = told{http.StatusOK, "", "", winner.ID}
			}
			if a != want {
				t.Errorf("caller %d was told %+v, want %+v", i, a, want)
			}
		}
	})
}

// TestConcurrent_SameNumber: one record; its sender alone is told of success, the others that the number is taken.
func TestConcurrent_SameNumber(t *testing.T) {
	eachRace(t, func(t *testing.T, s *dialecttest.Server) {
		var bodies []string
		for i := range callers {
			bodies = append(bodies, bakery(i+1, "N", "Bakery"))
		}
		answers := race(t, s, bodies)
		customers := stored(t, s)
		if len(customers) != 1 {
			t.Fatalf("%d customers, want one", len(customers))
		}
		for i, a := range answers {
			want := told{http.StatusConflict, "EXT_CUSTOMER_NUMBER_EXISTS", "extCustomerNumber N belongs to another customer.", 0}
			if customers[0].ExternalID.V == fmt.Sprint(i+1) {
				want = told{http.StatusOK, "", "", customers[0].ID}
			}
			if a != want {
				t.Errorf("caller %d was told %+v, want %+v", i, a, want)
			}
		}
	})
}

// TestConcurrent_AllWithAll: every id with every number at once, each body twice. Whoever is told of success has its
// record, and no other; whoever is not is told of a record that stands.
func TestConcurrent_AllWithAll(t *testing.T) {
	const keys = 5
	eachRace(t, func(t *testing.T, s *dialecttest.Server) {
		var bodies []string
		for i := range 2 * keys * keys {
			bodies = append(bodies, bakery(i%keys+1, fmt.Sprintf("N%d", i/keys%keys+1), "Bakery"))
		}
		answers := race(t, s, bodies)
		byID, byNumber := map[string]clientele.Customer{}, map[string]clientele.Customer{}
		for _, c := range stored(t, s) {
			byID[c.ExternalID.V], byNumber[c.ExternalNumber.V] = c, c
		}
		if n := count(answers, http.StatusOK, ""); n != 2*len(byID) {
			t.Errorf("%d callers were told of success with %d records; each body came twice", n, len(byID))
		}
		for i, a := range answers {
			id, number := fmt.Sprint(i%keys+1), fmt.Sprintf("N%d", i/keys%keys+1)
			own, held := byID[id], byNumber[number]
			switch {
			case a.Status == http.StatusOK:
				if own.ID != a.CustomerID || held.ID != a.CustomerID {
					t.Errorf("%s/%s was told of customer %d; the id has %d, the number %d", id, number, a.CustomerID, own.ID, held.ID)
				}
			case a.Code == "EXT_CUSTOMER_ID_EXISTS":
				if own.ID != a.CustomerID || held.ID == own.ID || !strings.HasSuffix(a.Message, "values of: extCustomerNumber.") {
					t.Errorf("%s/%s was told %+v; the id has %d, the number %d", id, number, a, own.ID, held.ID)
				}
			case a.Code == "EXT_CUSTOMER_NUMBER_EXISTS":
				if held.ID == 0 || held.ID == own.ID {
					t.Errorf("%s/%s was told %+v; the id has %d, the number %d", id, number, a, own.ID, held.ID)
				}
			default:
				t.Errorf("%s/%s was told %+v", id, number, a)
			}
		}
	})
}
