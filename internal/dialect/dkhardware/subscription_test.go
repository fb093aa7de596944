package dkhardware_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/dkhardware"
	"clientele/internal/intake"
	"clientele/internal/sqlite"
	"clientele/internal/webhook"

	"github.com/go-chi/chi/v5"
)

// subscriber is a partner of a server with subscriptions.
type subscriber struct {
	server *httptest.Server
	store  *sqlite.Store
	tokens map[string]string
}

// newSubscribers returns a server and the tokens of its clients: "edit" and "read" of the first shop, "other" of another.
func newSubscribers(t *testing.T) *subscriber {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	store, err := sqlite.Open(ctx, t.TempDir())
	if err == nil {
		_, _, err = store.Migrate(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	line := intake.New(store, intake.Options{})
	guard := access.New(store, time.Now)
	hooks := webhook.New(store, webhook.Options{})
	tokens := access.NewTokens(guard, store, clientele.DKHardware)
	api := dkhardware.New(guard, tokens, book.New(line, time.Now), store)
	routes := chi.NewRouter()
	api.Routes(routes)
	api.Subscriptions(hooks).Routes(routes)
	s := &subscriber{server: httptest.NewServer(routes), store: store, tokens: map[string]string{}}
	t.Cleanup(func() {
		s.server.Close()
		for _, end := range []func(context.Context) error{hooks.Stop, line.Close, guard.Close} {
			if err := end(ctx); err != nil {
				t.Error(err)
			}
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, scopes := range map[string][]string{
		"edit": {"subscriptions", "subscriptions:edit"}, "read": {"subscriptions"}, "other": {"subscriptions", "subscriptions:edit"},
	} {
		s.tokens[name] = s.issue(t, guard, tokens, name, scopes)
	}
	return s
}

func (s *subscriber) issue(t *testing.T, guard *access.Access, tokens *access.Tokens, name string, scopes []string) string {
	t.Helper()
	project := map[bool]string{true: "second", false: "first"}[name == "other"]
	p, err := s.store.FindProject(t.Context(), project)
	if err != nil {
		p, err = s.store.CreateProject(t.Context(), clientele.Project{Name: project, TimeZone: "UTC", CreatedAt: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	issued, err := access.Issue(t.Context(), s.store, access.Order{
		Dialect: clientele.DKHardware, Projects: []clientele.Project{p}, Name: name, Scopes: scopes,
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, v := range issued.Values {
		values[v.Name] = v.Text
	}
	c, err := tokens.Authenticate(t.Context(), access.Client{ID: values["client_id"], Secret: values["client_secret"]})
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokens.Issue(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text
}

// call sends a request and returns the status and the body, in which ids and times are replaced by their kind.
func (s *subscriber) call(t *testing.T, as, route, body string) (status int, answer string) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.tokens[as])
	response, err := s.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

var changing = regexp.MustCompile(`"(subscriptionId|createdAt|traceId)":"[^"]*"`)

func (s *subscriber) want(t *testing.T, as, route, body string, status int, answer string) {
	t.Helper()
	gotStatus, got := s.call(t, as, route, body)
	if got = changing.ReplaceAllString(got, `"$1":"…"`); gotStatus != status || got != answer {
		t.Errorf("%s of %s %s\n= %d %s\nwant %d %s", route, as, body, gotStatus, got, status, answer)
	}
}

const orderOfDocument = `{"webhook":{"url":"https://shop.example.com/events","secret":"40158583e9bd9d122014907b57a60c12"},"eventType":"customer:changed","policies":{"retry":{"intervals":[{"value":"00:00:30"},{"value":"00:02:00"}],"requestTimeout":"00:01:40"}}}`

const shown = `{"subscriptionId":"…","createdAt":"…","webhook":{"url":"https://shop.example.com/events"},"eventType":"customer:changed","policies":{"retry":{"intervals":[{"value":"00:00:30"},{"value":"00:02:00"}],"requestTimeout":"00:01:40"}},"disabledAt":null,"disabledReason":null}`

const (
	answerID = `{"subscriptionId":"…"}`
	notFound = `{"status":404,"title":"Not found.","traceId":"…"}`
)

func TestSubscription_CreateShowUpdateDelete(t *testing.T) {
	s := newSubscribers(t)
	s.want(t, "edit", "GET /v1/subscription", "", 200, `{"payload":[]}`)
	status, created := s.call(t, "edit", "POST /v1/subscription/create", orderOfDocument)
	id := strings.Split(created+`"""`, `"`)[3]
	if status != 200 || len(id) != 36 {
		t.Fatalf("create = %d %s", status, created)
	}
	for _, path := range []string{"", "/", "?eventType=customer:changed"} {
		s.want(t, "read", "GET /v1/subscription"+path, "", 200, `{"payload":[`+shown+`]}`)
	}
	s.want(t, "read", "GET /v1/subscription?eventType=lead:changed", "", 200, `{"payload":[]}`)
	for _, path := range []string{id, id + "/", strings.ToUpper(id)} {
		s.want(t, "read", "GET /v1/subscription/"+path, "", 200, `{"payload":`+shown+`}`)
	}
	update := `{"subscriptionId":"` + id + `","policies":{"retry":{"intervals":[{"value":"00:00:05"}]}}}`
	s.want(t, "other", "POST /v1/subscription/update", update, 404, notFound)
	s.want(t, "edit", "POST /v1/subscription/update/", update, 200, answerID)
	updated := strings.Replace(shown, `{"value":"00:00:30"},{"value":"00:02:00"}`, `{"value":"00:00:05"}`, 1)
	s.want(t, "read", "GET /v1/subscription/"+id, "", 200, `{"payload":`+updated+`}`)
	for _, path := range []string{id, "463118", "77921d3a-7838-40bf-a2d2-e30424d15520"} {
		s.want(t, "other", "GET /v1/subscription/"+path, "", 404, notFound)
	}
	s.want(t, "other", "GET /v1/subscription", "", 200, `{"payload":[]}`)
	s.want(t, "other", "POST /v1/subscription/delete", `{"subscriptionId":"`+id+`"}`, 404, notFound)
	s.want(t, "edit", "POST /v1/subscription/delete", `{"subscriptionId":"`+id+`"}`, 200, answerID)
	s.want(t, "edit", "POST /v1/subscription/delete", `{"subscriptionId":"`+id+`"}`, 404, notFound)
}

func TestSubscription_Scopes(t *testing.T) {
	s := newSubscribers(t)
	const forbidden = `{"status":403,"title":"Forbidden.","traceId":"…"}`
	for _, route := range []string{"create", "update", "delete"} {
		s.want(t, "read", "POST /v1/subscription/"+route, "not JSON", 403, forbidden)
		s.want(t, "nobody", "POST /v1/subscription/"+route, "not JSON", 401, `{"status":401,"title":"Unauthorized.","traceId":"…"}`)
		s.want(t, "edit", "PUT /v1/subscription/"+route, "", 405, `{"status":405,"title":"Method not allowed.","traceId":"…"}`)
	}
	s.want(t, "edit", "GET /v1/subscription/a/b", "", 404, notFound)
}

func TestSubscription_Faults(t *testing.T) {
	s := newSubscribers(t)
	const url = `"webhook":{"url":"https://shop.example.com/"}`
	long := `"` + strings.Repeat("x", 65) + `"`
	twentyOne := strings.TrimSuffix(strings.Repeat(`{"value":"00:00:30"},`, 21), ",")
	retry := func(text string) string {
		return `{` + url + `,"eventType":"customer:changed","policies":{"retry":` + text + `}}`
	}
	for _, k := range []struct{ route, body, errors string }{
		{"create", `{}`, `"Webhook.Url":["'Url' must not be empty."],"EventType":["'Event Type' must not be empty."]`},
		{"create", `[]`, `"Body":["The request body must be a JSON object."]`},
		{"create", `{"webhook":5,"eventType":"x"}`, `"Webhook":["The value '5' is not valid for 'Webhook'."],"Webhook.Url":["'Url' must not be empty."],"EventType":["'Event Type' has a range of values which does not include 'x'."]`},
		{"create", `{"webhook":{"url":"http://shop.example.com"},"eventType":"customer:changed"}`, `"Webhook.Url":["'Url' is not valid: a URL begins with https://."]`},
		{"create", `{"webhook":{"url":"https://169.254.169.254/"},"eventType":"customer:changed"}`, `"Webhook.Url":["'Url' is not valid: the URL's address is not a public one."]`},
		{"create", `{"webhook":{"url":"https://shop.example.com/` + strings.Repeat("x", 1000) + `"},"eventType":"customer:changed"}`, `"Webhook.Url":["The length of 'Url' must be 1024 characters or fewer. You entered 1025 characters."]`},
		{"create", `{"webhook":{"url":"https://shop.example.com/","secret":` + long + `},"eventType":"customer:changed"}`, `"Webhook.Secret":["The length of 'Secret' must be 64 characters or fewer. You entered 65 characters."]`},
		{"create", retry(`{"intervals":[` + twentyOne + `]}`), `"Policies.Retry.Intervals":["'Intervals' must contain 20 items or fewer. You entered 21 items."]`},
		{"create", retry(`{"intervals":[{"value":"30"},{},{"value":"00:00:00"},{"value":"00:60:00"}],"requestTimeout":"00:05:01"}`), `"Policies.Retry.Intervals[0].Value":["The value '30' is not valid for 'Value'."],"Policies.Retry.Intervals[1].Value":["'Value' must not be empty."],"Policies.Retry.Intervals[2].Value":["'Value' must be between 00:00:01 and 24:00:00. You entered 00:00:00."],"Policies.Retry.Intervals[3].Value":["The value '00:60:00' is not valid for 'Value'."],"Policies.Retry.RequestTimeout":["'Request Timeout' must be between 00:00:01 and 00:05:00. You entered 00:05:01."]`},
		{"create", retry(`"often"`), `"Policies.Retry":["The value '"often"' is not valid for 'Retry'."]`},
		{"update", `{"eventType":"customer:changed",` + url + `}`, `"SubscriptionId":["'Subscription Id' must not be empty."],"Webhook":["'Webhook' must be empty."],"EventType":["'Event Type' must be empty."],"Policies":["'Policies' must not be empty."]`},
		{"delete", `{"subscriptionId":""}`, `"SubscriptionId":["'Subscription Id' must not be empty."]`},
	} {
		want := `{"status":400,"title":"One or more validation errors occurred.","traceId":"…","errors":{` + k.errors + `}}`
		s.want(t, "edit", "POST /v1/subscription/"+k.route, k.body, 400, strings.ReplaceAll(want, `'"often"'`, `'often'`))
	}
	s.want(t, "read", "GET /v1/subscription?eventType=x", "", 400, `{"status":400,"title":"One or more validation errors occurred.","traceId":"…","errors":{"EventType":["'Event Type' has a range of values which does not include 'x'."]}}`)
	s.want(t, "edit", "POST /v1/subscription/create", retry(`{"requestTimeout":"00:05:00"}`), 200, answerID)
}
