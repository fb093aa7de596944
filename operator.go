package clientele

import (
	"slices"
	"time"
)

// Role is what an operator may do in the console. Each includes those before it.
type Role string

// The roles, the least first.
const (
	// RoleViewer reads; personal values in refused requests are masked.
	RoleViewer Role = "viewer"
	// RoleEditor also edits customers and sends deliveries again.
	RoleEditor Role = "editor"
	// RoleOwner also hands out and takes back credentials, makes projects, campaigns and publishers, and manages operators.
	RoleOwner Role = "owner"
)

// Roles are all roles, the least first.
var Roles = []Role{RoleViewer, RoleEditor, RoleOwner}

// Includes reports whether who has role r may do what needs the other. A role that there is not includes nothing.
func (r Role) Includes(needed Role) bool {
	mine, its := slices.Index(Roles, r), slices.Index(Roles, needed)
	return its >= 0 && mine >= its
}

// Operator is a person who may log in to the console.
type Operator struct {
	ID int64
	// Email is the login name, in its normal form, unique.
	Email string
	Role  Role
	// PasswordHash is argon2id in PHC form. It is never shown.
	PasswordHash string
	// PasswordIsOneTime says that the password was made by us and has to be changed before anything else.
	PasswordIsOneTime bool
	// FailedLogins counts wrong passwords since the last right one; LockedUntil is zero, or when the next try is heard.
	FailedLogins int
	LockedUntil  time.Time
	CreatedAt    time.Time
	// LastLoginAt and DisabledAt are zero when that has not happened.
	LastLoginAt time.Time
	DisabledAt  time.Time
}

// AuditEntry tells of one action in the console: who, when, what. It holds no personal data but the operator's own.
type AuditEntry struct {
	// Seq orders the entries; the store gives it.
	Seq int64
	At  time.Time
	// OperatorID is 0 when nobody is known by the name that was tried; Operator is the e-mail address at the time.
	OperatorID int64
	Operator   string
	// Action is a verb of the console: login, login_failed, customer.edit, key.issue, …
	Action string
	// ProjectID is 0 for what belongs to none.
	ProjectID int64
	// Subject is kind and id of what was acted upon ("customer 7519", "credential 3"); empty for none. Of failed logins it says
	// how many more an entry stands for ("and 15 more").
	Subject   string
	RequestID string
}

// AuditFilter selects audit entries, the newest first. The zero value of a field selects all.
type AuditFilter struct {
	OperatorID int64
	ProjectID  int64
	// Before selects those with a lower Seq: the next page.
	Before int64
	// Limit is 1 to MaxPage.
	Limit int
}
