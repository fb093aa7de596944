package dkhardware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"clientele/internal/dialect/dialecttest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestIsolation tries every route with the token of one project and what belongs to another: each answer, and what becomes
// of each submission, is byte for byte that of an unknown record, and the other project's record stays as it is.
func TestIsolation(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		mine, token := s.project(t)
		theirs, theirToken := s.project(t)
		s.commit(t, mine, creation(moment(0), 1))
		ids := s.commit(t, theirs, creation(moment(0), 1), creation(moment(1), 1), creation(moment(2), 1))
		foreign, unknown := strconv.FormatInt(ids[0], 10), "9"
		submission := s.submitted(t, s.send(http.MethodPost, "/v1/customer/update", theirToken, `{"customerId":`+foreign+`,"fax":"1"}`))
		before, err := s.store.FindCustomer(t.Context(), theirs, ids[1])
		if err != nil {
			t.Fatal(err)
		}
		_, theirNext := s.list(t, "/v1/customer?limit=1", theirToken)
		_, theirCursor, _ := strings.Cut(theirNext, "cursor=")
		theirCursor, _, _ = strings.Cut(theirCursor, "&")

		for _, tt := range []struct{ method, target, body, foreign, unknown string }{
			{"GET", "/v1/customer/%s", "", foreign, unknown},
			{"GET", "/v1/customer/%s/", "", foreign, unknown},
			{"HEAD", "/v1/customer/%s", "", foreign, unknown},
			{"POST", "/v1/customer/status", `{"submissionId":"%s"}`, submission, uuid.NewString()},
			{"POST", "/v1/customer/status/", `{"submissionId":"%s"}`, strings.ToUpper(submission), strings.ToUpper(uuid.NewString())},
			{"GET", "/v1/customer?cursor=%s", "", theirCursor, strings.Repeat("A", len(theirCursor))},
			{"GET", "/v1/customer/?cursor=%s&limit=1000&newest=true", "", theirCursor, "abc"},
		} {
			asked := func(id string) string {
				return answerText(s.send(tt.method, fill(tt.target, id), token, fill(tt.body, id)))
			}
			if diff := cmp.Diff(asked(tt.unknown), asked(tt.foreign)); diff != "" {
				t.Errorf("%s %s (-unknown +foreign):\n%s", tt.method, tt.target, diff)
			}
		}
		for _, body := range []string{`{"customerId":"%s","firstName":"X"}`, `{"customerId":%s,"fax":null,"company":"X"}`} {
			asked := func(id string) string {
				return strings.ReplaceAll(s.fate(t, token, fill(body, id)), "'Customer Id' "+id, "")
			}
			if diff := cmp.Diff(asked(unknown), asked(foreign)); diff != "" {
				t.Errorf("update %s (-unknown +foreign):\n%s", body, diff)
			}
		}
		if ids := s.walk(t, "/v1/customer?limit=1", token); len(ids) != 1 || ids[0] == foreign {
			t.Errorf("the list of one project is %v, with the customers of another", ids)
		}
		after, err := s.store.FindCustomer(t.Context(), theirs, ids[1])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("a foreign customer changed:\n%s", diff)
		}
	})
}

// TestIsolation_IdempotencyKeys holds that the names which one client gives its calls mean nothing to another's.
func TestIsolation_IdempotencyKeys(t *testing.T) {
	onEveryStore(t, func(t *testing.T, m dialecttest.StoreMaker) {
		s := newShop(t, m, nil)
		_, one := s.project(t)
		_, other := s.project(t)
		send := func(token, email string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, "/v1/customer/create",
				strings.NewReader(fmt.Sprintf(`{"firstName":"A","lastName":"B","email":%q}`, email)))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Idempotency-Key", "key")
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			return w
		}
		first := s.submitted(t, send(one, "a@example.com"))
		if s.submitted(t, send(other, "a@example.com")) == first || s.submitted(t, send(one, "a@example.com")) != first {
			t.Error("a key of one client is known to another, or not to the first")
		}
		if w := send(other, "b@example.com"); w.Code != http.StatusConflict {
			t.Errorf("the other client's own key with another body: %d", w.Code)
		}
	})
}

func fill(text, id string) string {
	if text == "" {
		return ""
	}
	return strings.ReplaceAll(text, "%s", id)
}

// answerText returns all of an answer.
func answerText(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	_ = w.Header().Write(&b)
	return b.String() + w.Body.String()
}

// submitted returns the id of the submission that an answer tells of.
func (s *shop) submitted(t tester, w *httptest.ResponseRecorder) string {
	t.Helper()
	id, ok := strings.CutPrefix(strings.TrimSuffix(w.Body.String(), `"}`), `{"submissionId":"`)
	if w.Code != http.StatusOK || !ok {
		t.Fatalf("not submitted: %d %s", w.Code, w.Body)
	}
	return id
}

// fate sends an update and returns what became of it.
func (s *shop) fate(t tester, token, body string) string {
	t.Helper()
	id := s.submitted(t, s.send(http.MethodPost, "/v1/customer/update", token, body))
	s.work(t)
	return answerText(s.send(http.MethodPost, "/v1/customer/status", token, fmt.Sprintf(`{"submissionId":%q}`, id)))
}
