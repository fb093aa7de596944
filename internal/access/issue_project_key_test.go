package access

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"clientele"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// keptCredentials takes every credential and keeps it.
type keptCredentials struct {
	Issuer // nothing else is asked for here

	list []clientele.Credential
}

func (k *keptCredentials) CreateCredential(
	_ context.Context, c clientele.Credential, _ clientele.SecretHash,
) (clientele.Credential, error) {
	k.list = append(k.list, c)
	return c, nil
}

// The CustomerKey that the Onlinewerkrooster document prints, and another one.
const (
	documentKey = "81ad2f9b-6362-4388-9617-96a18524850c"
	anotherKey  = "0B7C1D9E-2A3F-4C5B-8D6E-7F8091A2B3C4"
)

func TestIssue_ProjectKeysThatAreBroughtAlong(t *testing.T) {
	kept := &keptCredentials{}
	issued, err := Issue(t.Context(), kept, Order{
		Dialect: clientele.Onlinewerkrooster, Projects: []clientele.Project{{ID: 5}, {ID: 4}}, Name: "planner",
		Secret: "3fdae2c8b32348a3855af9f0377191d4", ProjectKeys: []string{documentKey, anotherKey},
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	wantValues := []Value{
		{Name: "apikey", Text: "3fdae2c8b32348a3855af9f0377191d4"},
		{Name: "CustomerKey", Text: documentKey, ProjectID: 5},
		{Name: "CustomerKey", Text: anotherKey, ProjectID: 4},
	}
	if diff := cmp.Diff(wantValues, issued.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	hash := func(key string) clientele.SecretHash { return clientele.HashSecret(clientele.Onlinewerkrooster, key) }
	wantGrants := []clientele.Grant{{ProjectID: 5, KeyHash: hash(documentKey)}, {ProjectID: 4, KeyHash: hash(strings.ToLower(anotherKey))}}
	if diff := cmp.Diff(wantGrants, kept.list[0].Grants); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

func TestIssue_ProjectKeysAreMadeWhereNoneIsBrought(t *testing.T) {
	kept := &keptCredentials{}
	issued, err := Issue(t.Context(), kept, Order{
		Dialect: clientele.Onlinewerkrooster, Projects: []clientele.Project{{ID: 5}, {ID: 4}}, Name: "planner",
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys := issued.Values[1:]
	if len(keys) != 2 || keys[0].Text == keys[1].Text || uuid.Validate(keys[0].Text) != nil || uuid.Validate(keys[1].Text) != nil {
		t.Errorf("project keys %v, want two UUIDs", keys)
	}
}

func TestIssue_RefusesProjectKeysThatCannotBe(t *testing.T) {
	one, two := []clientele.Project{{ID: 5}}, []clientele.Project{{ID: 5}, {ID: 4}}
	for name, test := range map[string]struct {
		dialect  clientele.Dialect
		projects []clientele.Project
		keys     []string
	}{
		"the dialect has none": {clientele.OPM, one, []string{documentKey}},
		"too few":              {clientele.Onlinewerkrooster, two, []string{documentKey}},
		"too many":             {clientele.Onlinewerkrooster, one, []string{documentKey, anotherKey}},
		"the same":             {clientele.Onlinewerkrooster, two, []string{documentKey, strings.ToUpper(documentKey)}},
		"no UUID":              {clientele.Onlinewerkrooster, one, []string{"a-key-of-mine"}},
		"without dashes":       {clientele.Onlinewerkrooster, one, []string{strings.ReplaceAll(documentKey, "-", "")}},
		"empty":                {clientele.Onlinewerkrooster, one, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			kept := &keptCredentials{}
			_, err := Issue(t.Context(), kept, Order{
				Dialect: test.dialect, Projects: test.projects, Name: "planner", ProjectKeys: test.keys,
			}, time.Now())
			e, ok := errors.AsType[*clientele.Error](err)
			if !ok || e.Kind != clientele.KindInvalid || e.Field != "customer-key" || len(kept.list) != 0 {
				t.Fatalf("error %v, %d credentials; want kind invalid about the key, and none", err, len(kept.list))
			}
			for _, key := range test.keys {
				if key != "" && strings.Contains(err.Error(), key) {
					t.Errorf("the error tells a key: %v", err)
				}
			}
		})
	}
}
