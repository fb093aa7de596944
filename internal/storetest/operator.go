package storetest

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"clientele"
)

func operatorChecks() []check {
	return []check{
		{"Create_ReturnsItWithItsID", testCreateOperator},
		{"Create_TakenEmailIsConflict", testOperatorEmailTaken},
		{"Find_UnknownIsNotFound", testFindUnknownOperator},
		{"List_IsInOrderOfID", testListOperators},
		{"SetRole", testOperatorRole},
		{"Disable_AndEnable", testDisableOperator},
		{"LastOwner_StaysOne", testLastOwner},
		{"LastOwner_OfManyAtOnceOneStays", testLastOwnerAtOnce},
		{"SetPassword_TakesThePlaceOfTheOneNamed", testOperatorPassword},
		{"SetPassword_OfTwoAtOnceOneIsRefused", testOperatorPasswordAtOnce},
		{"FailedLogins_LockAndAreForgotten", testFailedLogins},
		{"FailedLogins_AtOnceAllCount", testFailedLoginsAtOnce},
		{"Change_UnknownIsNotFound", testChangeUnknownOperator},
	}
}

func (f *fixture) newOperator(t tester, name string, role clientele.Role) clientele.Operator {
	t.Helper()
	o, err := f.CreateOperator(t.Context(), clientele.Operator{
		Email: name + "@example.com", Role: role, PasswordHash: "hash of " + name, CreatedAt: at(1),
	})
	if err != nil {
		t.Fatalf("create operator %s: %v", name, err)
	}
	return o
}

func (f *fixture) wantOperator(t tester, want clientele.Operator) {
	t.Helper()
	got, err := f.FindOperator(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("FindOperator: %v", err)
	}
	wantSame(t, "operator", want, got)
}

func testCreateOperator(t *testing.T, f *fixture) {
	first := f.newOperator(t, "ada", clientele.RoleOwner)
	want := clientele.Operator{
		Email: "żółw'\"%_@xn--bcher-kva.example", Role: clientele.RoleEditor, PasswordHash: "$argon2id$v=19$", PasswordIsOneTime: true,
		FailedLogins: 3, LockedUntil: at(4), CreatedAt: at(2), LastLoginAt: at(3), DisabledAt: at(5),
	}
	got, err := f.CreateOperator(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID <= 0 || got.ID == first.ID {
		t.Errorf("id = %d, want a new one above 0", got.ID)
	}
	want.ID = got.ID
	wantSame(t, "created", want, got)
	f.wantOperator(t, want)
	f.wantOperator(t, first)
	byEmail, err := f.FindOperatorByEmail(t.Context(), want.Email)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "found by e-mail", want, byEmail)
}

func testOperatorEmailTaken(t *testing.T, f *fixture) {
	o := f.newOperator(t, "ada", clientele.RoleOwner)
	again := o
	again.Role = clientele.RoleViewer
	_, err := f.CreateOperator(t.Context(), again)
	wantKind(t, "a second operator of an address", err, clientele.KindConflict)
	f.wantOperator(t, o)
}

func testFindUnknownOperator(t *testing.T, f *fixture) {
	o := f.newOperator(t, "ada", clientele.RoleOwner)
	for _, id := range []int64{0, -1, o.ID + 1, math.MaxInt64} {
		_, err := f.FindOperator(t.Context(), id)
		wantKind(t, "FindOperator", err, clientele.KindNotFound)
	}
	for _, email := range []string{"", "ada", "ADA@example.com", "%@example.com", "ada@example.com "} {
		_, err := f.FindOperatorByEmail(t.Context(), email)
		wantKind(t, "FindOperatorByEmail "+email, err, clientele.KindNotFound)
	}
}

func testListOperators(t *testing.T, f *fixture) {
	list, err := f.ListOperators(t.Context())
	if err != nil || len(list) != 0 {
		t.Fatalf("in a new book: %v, %v", list, err)
	}
	want := []clientele.Operator{
		f.newOperator(t, "z", clientele.RoleOwner), f.newOperator(t, "a", clientele.RoleViewer), f.newOperator(t, "m", clientele.RoleEditor),
	}
	if list, err = f.ListOperators(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "operators", want, list)
}

func testOperatorRole(t *testing.T, f *fixture) {
	bystander, o := f.newOperator(t, "ada", clientele.RoleOwner), f.newOperator(t, "bo", clientele.RoleViewer)
	for _, role := range []clientele.Role{clientele.RoleOwner, clientele.RoleEditor, clientele.RoleEditor} {
		if err := f.SetOperatorRole(t.Context(), o.ID, role); err != nil {
			t.Fatalf("role %s: %v", role, err)
		}
		o.Role = role
		f.wantOperator(t, o)
	}
	f.wantOperator(t, bystander)
}

func testDisableOperator(t *testing.T, f *fixture) {
	bystander, o := f.newOperator(t, "ada", clientele.RoleOwner), f.newOperator(t, "bo", clientele.RoleEditor)
	for _, step := range []struct{ disable, want int }{{5, 5}, {9, 5}, {0, 0}, {0, 0}, {9, 9}} {
		if err := f.DisableOperator(t.Context(), o.ID, momentOrZero(step.disable)); err != nil {
			t.Fatalf("disable at %d: %v", step.disable, err)
		}
		o.DisabledAt = momentOrZero(step.want)
		f.wantOperator(t, o)
	}
	f.wantOperator(t, bystander)
}

func testLastOwner(t *testing.T, f *fixture) {
	ctx := t.Context()
	first, second := f.newOperator(t, "ada", clientele.RoleOwner), f.newOperator(t, "bo", clientele.RoleOwner)
	f.newOperator(t, "cy", clientele.RoleEditor)
	if err := f.DisableOperator(ctx, second.ID, at(5)); err != nil {
		t.Fatal(err)
	}
	for _, role := range []clientele.Role{clientele.RoleEditor, clientele.RoleViewer} {
		wantKind(t, "the last owner becomes "+string(role), f.SetOperatorRole(ctx, first.ID, role), clientele.KindConflict)
	}
	wantKind(t, "the last owner is disabled", f.DisableOperator(ctx, first.ID, at(6)), clientele.KindConflict)
	f.wantOperator(t, first)
	for _, err := range []error{
		f.SetOperatorRole(ctx, first.ID, clientele.RoleOwner), // as it is
		f.DisableOperator(ctx, first.ID, time.Time{}),
		f.SetOperatorRole(ctx, second.ID, clientele.RoleEditor), // who is disabled
		f.SetOperatorRole(ctx, second.ID, clientele.RoleOwner),
		f.DisableOperator(ctx, second.ID, time.Time{}),
		f.SetOperatorRole(ctx, first.ID, clientele.RoleViewer), // there is another one now
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func testLastOwnerAtOnce(t *testing.T, f *fixture) {
	var owners []clientele.Operator
	for i := range 6 {
		owners = append(owners, f.newOperator(t, fmt.Sprint("owner-", i), clientele.RoleOwner))
	}
	var all sync.WaitGroup
	for i, o := range owners {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				err = f.DisableOperator(t.Context(), o.ID, at(5))
			} else {
				err = f.SetOperatorRole(t.Context(), o.ID, clientele.RoleViewer)
			}
			if err != nil && clientele.KindOf(err) != clientele.KindConflict {
				t.Errorf("operator %d: %v", o.ID, err)
			}
		})
	}
	all.Wait()
	list, err := f.ListOperators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, o := range list {
		if o.Role == clientele.RoleOwner && o.DisabledAt.IsZero() {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d enabled owners are left, want 1", left)
	}
}

func testOperatorPassword(t *testing.T, f *fixture) {
	ctx := t.Context()
	bystander, o := f.newOperator(t, "ada", clientele.RoleOwner), f.newOperator(t, "bo", clientele.RoleViewer)
	f.failLogin(t, o.ID, time.Minute)
	set := clientele.Operator{ID: o.ID, Email: "not@example.com", PasswordHash: "reset", PasswordIsOneTime: true}
	if err := f.SetOperatorPassword(ctx, set, ""); err != nil {
		t.Fatal(err)
	}
	o.PasswordHash, o.PasswordIsOneTime = "reset", true // and no lock, and nothing else
	f.wantOperator(t, o)
	set.PasswordHash, set.PasswordIsOneTime = "own", false
	wantKind(t, "instead of another hash", f.SetOperatorPassword(ctx, set, "hash of bo"), clientele.KindConflict)
	f.wantOperator(t, o)
	if err := f.SetOperatorPassword(ctx, set, "reset"); err != nil {
		t.Fatal(err)
	}
	o.PasswordHash, o.PasswordIsOneTime = "own", false
	f.wantOperator(t, o)
	f.wantOperator(t, bystander)
}

func testOperatorPasswordAtOnce(t *testing.T, f *fixture) {
	for round := range 8 {
		f.changePasswordAtOnce(t, f.newOperator(t, fmt.Sprint("ada-", round), clientele.RoleOwner))
	}
}

func (f *fixture) changePasswordAtOnce(t *testing.T, o clientele.Operator) {
	t.Helper()
	var all sync.WaitGroup
	outcomes := make([]error, 6)
	for i := range outcomes {
		all.Go(func() {
			set := clientele.Operator{ID: o.ID, PasswordHash: fmt.Sprint("new ", i)}
			outcomes[i] = f.SetOperatorPassword(t.Context(), set, o.PasswordHash)
		})
	}
	all.Wait()
	changed := 0
	for _, err := range outcomes {
		if err == nil {
			changed++
			continue
		}
		wantKind(t, "a change too late", err, clientele.KindConflict)
	}
	if changed != 1 {
		t.Errorf("%d changes of one password succeeded, want 1", changed)
	}
}

// failLogin counts a wrong password at the second moment.
func (f *fixture) failLogin(t tester, id int64, lock time.Duration) (counted int) {
	t.Helper()
	err := f.RecordFailedLogin(t.Context(), id, at(2), func(failed int) time.Duration { counted = failed; return lock })
	if err != nil {
		t.Fatalf("RecordFailedLogin: %v", err)
	}
	return counted
}

func testFailedLogins(t *testing.T, f *fixture) {
	bystander, o := f.newOperator(t, "ada", clientele.RoleOwner), f.newOperator(t, "bo", clientele.RoleViewer)
	for i, lock := range []time.Duration{0, time.Minute, 0, time.Hour} {
		if got := f.failLogin(t, o.ID, lock); got != i+1 {
			t.Errorf("wrong password %d is counted as %d", i+1, got)
		}
		o.FailedLogins = i + 1
		if lock > 0 { // else it stays
			o.LockedUntil = at(2).Add(lock)
		}
		f.wantOperator(t, o)
	}
	if err := f.RecordLogin(t.Context(), o.ID, at(7)); err != nil {
		t.Fatal(err)
	}
	o.LastLoginAt, o.FailedLogins, o.LockedUntil = at(7), 0, time.Time{}
	f.wantOperator(t, o)
	f.wantOperator(t, bystander)
}

func testFailedLoginsAtOnce(t *testing.T, f *fixture) {
	o := f.newOperator(t, "ada", clientele.RoleOwner)
	const tries = 24
	counts := make([]int, tries)
	var all sync.WaitGroup
	for i := range counts {
		all.Go(func() { counts[i] = f.failLogin(t, o.ID, time.Minute) })
	}
	all.Wait()
	seen := map[int]bool{}
	for _, n := range counts {
		seen[n] = true
	}
	if len(seen) != tries {
		t.Errorf("%d wrong passwords at once were counted as %v", tries, counts)
	}
	o.FailedLogins, o.LockedUntil = tries, at(2).Add(time.Minute)
	f.wantOperator(t, o)
}

func testChangeUnknownOperator(t *testing.T, f *fixture) {
	o, ctx := f.newOperator(t, "ada", clientele.RoleOwner), t.Context()
	for _, id := range []int64{0, -1, o.ID + 1, math.MaxInt64} {
		set := clientele.Operator{ID: id, PasswordHash: "x"}
		for what, err := range map[string]error{
			"role":         f.SetOperatorRole(ctx, id, clientele.RoleViewer),
			"disable":      f.DisableOperator(ctx, id, at(5)),
			"enable":       f.DisableOperator(ctx, id, time.Time{}),
			"password":     f.SetOperatorPassword(ctx, set, ""),
			"login":        f.RecordLogin(ctx, id, at(5)),
			"failed login": f.RecordFailedLogin(ctx, id, at(5), func(int) time.Duration { return time.Hour }),
		} {
			wantKind(t, what+" of an unknown operator", err, clientele.KindNotFound)
		}
	}
	f.wantOperator(t, o)
}
