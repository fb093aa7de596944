package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele"
)

// Curl is a call of a dialect's document as it is pasted into a shell.
type Curl struct{ Title, Command string }

// unknownKey stands in a call for a key of a project that only the partner has.
const unknownKey = "YOUR-CUSTOMER-KEY"

// Curls returns calls that show that a new credential is good, on the server at url (https://host, without a path). They
// change nothing. What they are sent with is quoted for a POSIX shell, whatever was brought along.
func Curls(url string, issued Issued) []Curl {
	c := &issued.Credential
	secret := issued.value(termsOf[c.Dialect].secret)
	switch c.Dialect {
	case clientele.OPM:
		return []Curl{{"is my key good", fmt.Sprintf("curl -s %s -H %s", ShellWord(url+"/ping"), ShellWord("x-api-key: "+secret))}}
	case clientele.Onlinewerkrooster:
		title, keys := "the first two customers (an extension)", " -H "+ShellWord("apikey: "+secret)
		if key := issued.value("CustomerKey"); key != "" {
			keys += " -H " + ShellWord("CustomerKey: "+key)
		} else if len(c.Grants) > 1 {
			title += ": put a CustomerKey of the partner's in"
			keys += " -H " + ShellWord("CustomerKey: "+unknownKey)
		}
		return []Curl{{title, "curl -s " + ShellWord(url+"/api/customers?limit=2") + keys}}
	case clientele.PrimeLead:
		return []Curl{{
			"is the identifier good: 422 with what is missing; 403 when it is not",
			"curl -s -X POST " + ShellWord(url+"/api/v1/actions/"+secret),
		}}
	case clientele.DKHardware:
		return tokenCurls(url, c, secret)
	default:
		return nil
	}
}

// tokenCurls are to be run in one shell: the first gets the token.
func tokenCurls(url string, c *clientele.Credential, secret string) []Curl {
	list := []Curl{{"a token, for 90 minutes", fmt.Sprintf(
		`TOKEN=$(curl -s %s -u %s -d grant_type=client_credentials | sed 's/.*"access_token":"\([^"]*\)".*/\1/')`,
		ShellWord(url+"/oauth/token"), ShellWord(c.ClientID.V+":"+secret),
	)}}
	if !slices.Contains(c.Scopes, "customers") {
		return list
	}
	return append(list, Curl{"the two customers that changed last", fmt.Sprintf(
		`curl -s %s -H "Authorization: Bearer $TOKEN"`, ShellWord(url+"/v1/customer?limit=2"),
	)})
}

// Action is what a call that registers one says.
type Action struct {
	CampaignUUID, PublisherUUID string
	// At is when the visitor came, in the zone of the advertiser's project.
	At time.Time
}

// RegistrationCurl returns a call that registers an action of an advertiser (Prime Lead), which makes a lead.
func RegistrationCurl(url string, advertiser Issued, a Action) Curl {
	return Curl{"registering an action by POST: it makes a lead", fmt.Sprintf(
		"curl -s %s -H 'content-type: application/json' \\\n  -d '{\"campaignUuid\":\"%s\",\"publisherUuid\":\"%s\",\"actionCreatedAt\":\"%s\"}'",
		ShellWord(url+"/api/v1/actions/"+advertiser.value(termsOf[clientele.PrimeLead].secret)),
		a.CampaignUUID, a.PublisherUUID, a.At.Format(time.DateTime),
	)}
}

// value returns what the partner has to send under a name: the first of several; "" for none.
func (i *Issued) value(name string) string {
	for _, v := range i.Values {
		if v.Name == name {
			return v.Text
		}
	}
	return ""
}

// ShellWord returns s as one word for a POSIX shell.
func ShellWord(s string) string {
	plain := s != ""
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r))
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
