package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele"
)

// listPlan is a list and the index that it reads.
type listPlan struct {
	query string
	index string
	sorts bool // what it finds, or of what it finds the places only
}

// submissionPlans are the lists of submissions by every filter.
func submissionPlans() (list []listPlan) {
	for _, status := range []clientele.SubmissionStatus{"", clientele.Accepted, clientele.Processing, clientele.Succeeded, clientele.Failed} {
		for bits := range 8 {
			f := clientele.SubmissionFilter{ProjectID: 1, Status: status, Limit: 10}
			p := listPlan{index: "submission_accepted_at"}
			if bits&1 != 0 {
				f.CredentialID, p.index = 1, "submission_of_credential"
			}
			if bits&2 != 0 {
				f.From, f.To = moment(), moment().Add(time.Hour)
			}
			if bits&4 != 0 {
				f.Before = &clientele.Position{At: moment(), ID: 1}
			}
			switch status {
			case clientele.Failed:
				p.index = "submission_failed"
			case clientele.Accepted, clientele.Processing:
				p.index = "submission_unfinished"
			}
			p.query, _ = submissionsSQL(f)
			list = append(list, p)
		}
	}
	return list
}

// deliveryPlans are the lists of deliveries by every filter.
func deliveryPlans() (list []listPlan) {
	for status, indexes := range map[clientele.DeliveryStatus][2]string{
		"":                          {"delivery_subscription", "delivery_subscription"},
		clientele.DeliveryDelivered: {"delivery_subscription", "delivery_subscription"},
		clientele.DeliveryDue:       {"delivery_due", "delivery_due"},
		clientele.DeliveryFailed:    {"delivery_failed", "delivery_failed_of_subscription"},
	} {
		for i, subscription := range []string{"", "s"} {
			f := clientele.DeliveryFilter{ProjectID: 1, SubscriptionID: subscription, Status: status, Limit: 10}
			p := listPlan{index: indexes[i], sorts: status == clientele.DeliveryDue || subscription == "" && status != clientele.DeliveryFailed}
			where, _ := deliveriesSQL(f)
			p.query = selectDelivery + "WHERE d.seq IN (" + where + ") ORDER BY d.seq DESC"
			list = append(list, p)
		}
	}
	return list
}

// TestLists_ReadTheirIndex looks at the plan of each list of submissions and deliveries: it searches the index that it names,
// and sorts nothing but places.
func TestLists_ReadTheirIndex(t *testing.T) {
	s, _ := newStore(t)
	plans := append(submissionPlans(), deliveryPlans()...)
	plans = append(plans, listPlan{query: forgetSubmissions, index: "submission_accepted_at"})
	for _, p := range plans {
		steps := explain(t, s, p.query)
		if !slices.ContainsFunc(steps, func(step string) bool { return strings.Contains(step, "INDEX "+p.index+" (project_id=?") }) {
			t.Errorf("%s is not searched: %v\n  in %s", p.index, steps, p.query)
		}
		for _, step := range steps {
			if scansTable(step) && step != "SCAN o" && !strings.HasPrefix(step, "SCAN p USING COVERING INDEX") || strings.Contains(step, "TEMP B-TREE") && !p.sorts {
				t.Errorf("%s\n  in %s", step, p.query)
			}
		}
	}
}

// TestListDeliveries_OfManySubscriptions holds the newest of a project, which are put together of its subscriptions', to what
// they are.
func TestListDeliveries_OfManySubscriptions(t *testing.T) {
	s, project := newStore(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.write.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("INSERT INTO event VALUES (1, ?, 'customer:changed', '[]', 0, 0, 0)", project)
	for i := range 7 {
		exec("INSERT INTO subscription VALUES (?, ?, '', '', '', '', 0, '', '', NULL, '[]', 0, 0, 0, NULL, NULL, '', NULL, '', NULL)", project, fmt.Sprint(i))
	}
	for i := 1; i <= 120; i++ { // of unequal shares, and in runs
		of, status := fmt.Sprint(i*i/30%7), []string{"delivered", "due", "failed"}[i/9%3]
		exec("INSERT INTO delivery VALUES (?, ?, ?, ?, 1, ?, 0, 0, 0, 0, NULL)", i, project, fmt.Sprint(i), of, status)
	}
	for _, status := range []clientele.DeliveryStatus{"", clientele.DeliveryDelivered} {
		all, err := s.listDeliveries(t.Context(), "WHERE ?1 IN ('', d.status) ORDER BY d.seq DESC", string(status))
		if err != nil {
			t.Fatal(err)
		}
		for limit := 1; limit < 12; limit++ {
			f := clientele.DeliveryFilter{ProjectID: project, Status: status, Limit: limit}
			for rest := all; len(rest) > 0; {
				page, err := s.ListDeliveries(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				n := min(limit, len(rest))
				if !slices.EqualFunc(page, rest[:n], func(a, b clientele.Delivery) bool { return a.ID == b.ID }) {
					t.Fatalf("page of %d before %d is wrong", limit, f.Before)
				}
				rest, f.Before = rest[n:], rest[n-1].Seq
			}
		}
	}
}
