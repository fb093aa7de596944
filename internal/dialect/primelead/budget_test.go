package primelead

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"clientele/internal/dialect"

	"github.com/go-chi/chi/v5"
)

const madeUpUUID = "23707e75-d2a4-49fb-b4e2-86c3aefcf4b9"

// routed returns a request whose path parameters the router has found.
func routed(target string, params ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	route := chi.NewRouteContext()
	for i := 0; i < len(params); i += 2 {
		route.URLParams.Add(params[i], params[i+1])
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (made up)")
	return r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, route))
}

// TestBudget bounds what reading the two calls that are sent most allocates.
func TestBudget(t *testing.T) {
	api := New(nil, nil, Options{})
	click := routed("/click/" + madeUpUUID + "/" + madeUpUUID + "?sub1=newsletter&sub2=17")
	postback := &dialect.Request{Request: routed(
		"/api/v1/postback/contract/"+madeUpUUID+"?customer_type=new&contract_net_value=17.50", qStatus, "contract", qActionUUID, madeUpUUID,
	)}
	for name, c := range map[string]struct {
		most float64
		do   func()
	}{
		"click": {3, func() {
			if v := api.visit(click); v.Subs[1].V != "17" || !v.IP.Valid {
				t.Fatalf("visit %+v", v)
			}
		}},
		"postback": {3, func() {
			if _, _, report, err := decodePostback(postback); err != nil || report.NetValue != 1750 {
				t.Fatalf("report %+v, %v", report, err)
			}
		}},
	} {
		if n := testing.AllocsPerRun(100, c.do); n > c.most {
			t.Errorf("reading a %s allocates %.0f times, want %.0f at most", name, n, c.most)
		}
	}
}
