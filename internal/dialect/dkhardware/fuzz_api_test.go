package dkhardware_test

import (
	"fmt"
	"net/http"
	"testing"

	"clientele/internal/dialect/dialecttest"

	"github.com/go-json-experiment/json"
)

// FuzzAPI sends requests of every kind to every route, made of those of the cases.
func FuzzAPI(f *testing.F) { dialecttest.Fuzz(f, dialect(f)) }

// newSubscription sets $ID, which the cases on subscriptions call theirs.
func newSubscription(s *dialecttest.Server) error {
	a, err := s.Send(&dialecttest.Request{
		Method: http.MethodPost, Target: "/v1/subscription/create",
		Header: []dialecttest.HeaderLine{{Name: "Authorization", Value: "Bearer " + s.Vars["CLIENT"]}, {Name: "Content-Type", Value: "application/json"}},
		Body:   []byte(`{"eventType":"customer:changed","webhook":{"url":"https://shop.example.com/hook"}}`),
	})
	if err != nil {
		return err
	}
	var v struct {
		ID string `json:"subscriptionId"`
	}
	if err := json.Unmarshal(a.Body, &v); err != nil || v.ID == "" {
		return fmt.Errorf("subscribe: %s (%v)", a, err)
	}
	s.Vars["ID"] = v.ID
	return nil
}
