package opm_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"clientele/internal/dialect/dialecttest"
)

// TestEntry_FirstTimesAtOnce sends the same new customerIds from many callers at once. Ruling: exactly one 201, every
// other 202, one record. Each entry has a name of its own, so that a lost update would show in the version.
func TestEntry_FirstTimesAtOnce(t *testing.T) {
	const customers, callers = 4, 24
	for _, m := range dialecttest.Stores() {
		t.Run(m.Name, func(t *testing.T) {
			s := dialecttest.Start(t, dialect(t), m)
			var statuses [customers][callers]int
			sendAtOnce(t, customers*callers, func(i int) {
				customer, caller := i%customers, i/customers
				statuses[customer][caller] = sendEntry(t, s, customer, fmt.Sprintf("caller %d", caller))
			})
			for customer := range customers {
				created, accepted := count(statuses[customer][:])
				if created != 1 || accepted != callers-1 {
					t.Errorf("customer %d: %d times 201 and %d times 202, want 1 and %d", customer, created, accepted, callers-1)
				}
				c, err := s.Store.FindCustomerByExternalID(t.Context(), s.Project, fmt.Sprint(customer))
				if err != nil {
					t.Fatal(err)
				}
				if c.Version != callers {
					t.Errorf("customer %d has version %d, want %d", customer, c.Version, callers)
				}
			}
		})
	}
}

// sendAtOnce runs send(0) to send(n-1) at once and waits for them.
func sendAtOnce(t *testing.T, n int, send func(i int)) {
	t.Helper()
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			send(i)
		})
	}
	close(start)
	done.Wait()
}

// sendEntry sends one entry and returns the status of the answer; 0 when there is none.
func sendEntry(t *testing.T, s *dialecttest.Server, id int, name string) int {
	a, err := s.Send(&dialecttest.Request{
		Method: http.MethodPost, Target: "/entry", Header: []dialecttest.HeaderLine{{Name: "x-api-key", Value: s.Vars["KEY"]}},
		Body: fmt.Appendf(nil, `{"customerId":%d,"customerPhone":"+15853042456","customerFirstName":%q}`, id, name),
	})
	if err != nil {
		t.Error(err)
		return 0
	}
	return a.Status
}

func count(statuses []int) (created, accepted int) {
	for _, status := range statuses {
		switch status {
		case http.StatusCreated:
			created++
		case http.StatusAccepted:
			accepted++
		}
	}
	return created, accepted
}
