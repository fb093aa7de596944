package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
)

// generator makes up requests.
type generator struct{ *rand.Rand }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// hostileTexts are what a caller might send to find out whether we were careful; as texts, not yet as JSON.
func hostileTexts() []string {
	return []string{
		"", " ", "\x00", "a\x00b", "\t\n", "é", "e\u0301", "İstanbul", "straße", "STRASSE", "\u212a", "ſ", "👩\u200d👩\u200d👧", "\u202eabc", "\ufeffx",
		"' OR 1=1 --", `"; DROP TABLE customer; --`, "%", "_", `\`, `\\`, `"`, "<script>alert(1)</script>", "NULL", "null", "$1", "?1", ":a", "{}", "[]",
		"\u2028", "\u00a0", "\u200b", "a@b", "ünï@example.com", "ADA@EXAMPLE.COM", "ada+tag@example.com", "@", "+1 (212) 555-0100", "2125550100", "00000",
		"1e3", "-0", "9223372036854775807", "9223372036854775808", "18446744073709551616", "0x10", "1.5", "\xff", "a\xc3(", "\xed\xa0\x80", "\uffff", "\U0010ffff",
		strings.Repeat("x", 150), strings.Repeat("é", 151), strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("z", 320), strings.Repeat("𝒳", 321),
		"2001:db8::1", "192.0.2.1", "BE 0123.456.749", "be0123456749", "2026-02-30 00:00:00", "2026-01-02T03:04:05Z", "true", "a,b;c", "=cmd()", "../../etc",
	}
}

// hostileJSON are values that are no texts, or no JSON.
func hostileJSON() []string {
	return []string{
		"null", "true", "0", "-1", "1", "1.0", "1e2", "12345678901234567890", "9223372036854775807", "{}", "[]", `[1]`, `{"a":1}`, `"\ud800"`, `"\u0000"`,
		`"\u00e9"`, "\"\xff\"", "nul", "", "NaN", `"a`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	}
}

// quoted is a text as JSON, with bytes that are no UTF-8 as they are.
func quoted(text string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", `\u0000`, "\n", `\n`, "\t", `\t`)
	return `"` + r.Replace(text) + `"`
}

// value is a JSON value: one of the good ones, mostly.
func (g *generator) value(good ...string) string {
	switch {
	case g.chance(12):
		return pick(g, hostileJSON()...)
	case g.chance(6):
		return quoted(pick(g, hostileTexts()...))
	default:
		return pick(g, good...)
	}
}

// object is a JSON object of names and values in turn, now and then with a member missing, twice, or in other letters.
func (g *generator) object(namesAndValues ...string) string {
	var members []string
	for i := 0; i < len(namesAndValues); i += 2 {
		name := namesAndValues[i]
		if g.chance(15) {
			continue
		}
		if g.chance(40) {
			name = strings.ToUpper(name)
		}
		members = append(members, quoted(name)+":"+namesAndValues[i+1])
		if g.chance(60) {
			members = append(members, members[len(members)-1])
		}
	}
	if g.chance(20) {
		members = append(members, `"unheard":`+g.value(`1`))
	}
	text := "{" + strings.Join(members, ",") + "}"
	switch {
	case g.chance(60):
		return text[:g.IntN(len(text))]
	case g.chance(80):
		return text + pick(g, "x", " ", "{}", "\x00")
	case g.chance(100):
		return pick(g, "", " ", "[]", "null", `"x"`, "\ufeff"+text, strings.Repeat(" ", 70_000)+text)
	default:
		return text
	}
}

// step makes up a request to any dialect, or a list of the console.
func (g *generator) step() step {
	s := pick(g, g.entry, g.entry, g.register, g.register, g.listCompany, g.customers, g.create, g.update, g.status, g.subscription,
		g.action, g.action, g.postback, g.click, g.console, g.token)()
	if s.header == nil {
		s.header = map[string]string{}
	}
	s.header["User-Agent"] = pick(g, "curl/8", "Mozilla/5.0 (\xe9)", strings.Repeat("u", 600), "")
	switch {
	case g.chance(40):
		s.method = pick(g, "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
	case g.chance(40):
		s.header["Content-Type"] = pick(g, "", "text/plain", "text/xml", "application/json; charset=latin1", "application/JSON", "multipart/form-data; boundary=x", ";")
	case g.chance(60):
		s.header["Content-Encoding"] = pick(g, "gzip", "identity", "br")
	case g.chance(60):
		s.target = strings.Replace(s.target, "/", pick(g, "//", "/%2e%2e/", "/./", "/x/"), 1)
	case g.chance(40):
		for _, name := range []string{"x-api-key", "apikey", "Authorization", "Cookie"} {
			if _, ok := s.header[name]; ok {
				s.header[name] = pick(g, "", "x", "Bearer x", "{{opm}}", "{{owr}}", "Bearer {{token}}")
			}
		}
	}
	if s.body != "" && g.chance(10) {
		s.header["Idempotency-Key"] = pick(g, "a", "b", "c", "", " ", strings.Repeat("k", 255), strings.Repeat("k", 256), "\xe9", strconv.Itoa(g.IntN(50)))
	}
	return s
}

func jsonHeader(header ...string) map[string]string {
	h := map[string]string{"Content-Type": "application/json"}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return h
}

// key is one of a few external ids, so that calls are about the same customers.
func (g *generator) key() string { return strconv.Itoa(1 + g.IntN(12)) }

func (g *generator) entry() step {
	return step{"POST", pick(g, "/entry", "/entry", "/entry", "/ping", "/entry/", "/entry?x=1"), g.object(
		"customerId", g.value(quoted(g.key()), g.key()),
		"customerEmail", g.value(`"ada@example.com"`, `"Bo@Example.COM"`, `null`),
		"customerPhone", g.value(`"+12125550100"`, `"+31205550100"`, `""`),
		"customerFirstName", g.value(`"Ada"`, `"Bo"`, `null`),
		"customerLastName", g.value(`"Lovelace"`, `"\u0141"`),
		"customerIP", g.value(`"192.0.2.7"`, `"2001:db8::7"`),
	), jsonHeader("x-api-key", "{{opm}}")}
}

func (g *generator) register() step {
	n := g.key()
	address := g.value(g.object("street", g.value(`"Kade"`), "streetNumber", g.value(`"1"`), "city", g.value(`"Gent"`), "postalCode", g.value(`"9000"`),
		"country", g.value(`"BE"`)), `{"city":"Gent"}`)
	return step{"POST", pick(g, "/api/customers", "/api/customers/"), g.object(
		"extCustomerId", g.value(n), "extCustomerNumber", g.value(quoted(n), quoted(g.key())), "name", g.value(`"Bakkerij"`, `"Slager"`),
		"enterpriseNumber", g.value(`"BE0123456749"`, `"NL123456789B01"`), "address", address,
	), jsonHeader("apikey", "{{owr}}")}
}

// query is a query of some of the names, with good values mostly.
func (g *generator) query(namesAndValues ...string) string {
	var parts []string
	for i := 0; i < len(namesAndValues); i += 2 {
		if !g.chance(3) {
			continue
		}
		value := namesAndValues[i+1]
		if g.chance(4) {
			value = url.QueryEscape(pick(g, hostileTexts()...))
		}
		parts = append(parts, namesAndValues[i]+"="+value)
		if g.chance(30) {
			parts = append(parts, namesAndValues[i]+"="+value)
		}
	}
	if g.chance(40) {
		parts = append(parts, pick(g, "%zz", "a;b", "=", "&&", "unheard=1", "%00=%00"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

func (g *generator) number() string {
	return pick(g, "0", "1", "2", "7", "1000", "1001", "-1", "99999999999", "+3", "03")
}

func (g *generator) listCompany() step {
	target := "/api/customers" + g.query("extCustomerId", g.key(), "extCustomerNumber", g.key(), "enterpriseNumber", "be0123456749", "page", g.number(), "limit", g.number())
	if g.chance(4) {
		target = "/api/customers/" + pick(g, fmt.Sprintf("{{customer %d}}", g.IntN(40)), "0", "x", "9223372036854775808", "%00")
	}
	return step{pick(g, "GET", "GET", "HEAD"), target, "", map[string]string{"apikey": "{{owr}}"}}
}

func (g *generator) bearer() map[string]string {
	return jsonHeader("Authorization", "Bearer {{token}}")
}

func (g *generator) customers() step {
	target := "/v1/customer" + g.query("from", "2026-01-01T00:00:00", "to", "2036-01-01T00:00:00Z", "newest", pick(g, "true", "FALSE"), "limit", g.number(),
		"offset", g.number(), "basedOnCreatedDate", pick(g, "true", "false"), "cursor", fmt.Sprintf("{{cursor %d}}", g.IntN(20)))
	if g.chance(3) {
		target = "/v1/customer/" + pick(g, fmt.Sprintf("{{customer %d}}", g.IntN(40)), "0", "01", "x", "9223372036854775808", "%00", "-1")
	}
	return step{pick(g, "GET", "GET", "HEAD"), target, "", map[string]string{"Authorization": "Bearer {{token}}"}}
}

func (g *generator) create() step {
	address := g.object("firstName", g.value(`"A"`), "lastName", g.value(`"B"`), "zip", g.value(`"10001"`), "country", g.value(`"US"`), "state", g.value(`"NY"`),
		"city", g.value(`"New York"`), "address1", g.value(`"1 Main St"`), "isDefaultBilling", g.value("true", "false"), "phone", g.value(`"+12125550100"`))
	return step{"POST", "/v1/customer/create", g.object(
		"firstName", g.value(`"Cy"`), "lastName", g.value(`"Dee"`), "email", g.value(`"cy@example.com"`), "phone", g.value(`"+12125550101"`),
		"company", g.value(`"Acme"`), "customerType", g.value(`"Contractor"`, `"Homeowner"`), "addresses", g.value("["+address+"]", "["+address+","+address+"]", "[]"),
	), g.bearer()}
}

func (g *generator) update() step {
	id := fmt.Sprintf("{{customer %d}}", g.IntN(40))
	return step{"POST", "/v1/customer/update", g.object(
		"customerId", g.value(quoted(id), id), "firstName", g.value(`"Eve"`), "lastName", g.value(`"Fay"`), "company", g.value("null", `"Acme"`),
		"fax", g.value("null", `"+12125550102"`), "altPhone", g.value(`"x"`),
	), g.bearer()}
}

func (g *generator) status() step {
	return step{"POST", "/v1/customer/status", g.object("submissionId", g.value(fmt.Sprintf(`"{{submission %d}}"`, g.IntN(40)))), g.bearer()}
}

func (g *generator) subscription() step {
	id := quoted(fmt.Sprintf("{{subscription %d}}", g.IntN(9)))
	policies := g.value(`{"retry":{"intervals":[{"value":"00:00:30"}],"requestTimeout":"00:00:05"}}`, `{"retry":{"intervals":[]}}`)
	switch g.IntN(8) {
	case 0: // to nobody: the port is closed
		return step{"POST", "/v1/subscription/create", g.object("webhook", g.value(`{"url":"http://127.0.0.1:1/","secret":"s"}`), "eventType",
			g.value(`"customer:changed"`), "policies", policies), g.bearer()}
	case 1:
		return step{"POST", "/v1/subscription/delete", g.object("subscriptionId", g.value(id)), g.bearer()}
	case 2, 3:
		return step{"POST", "/v1/subscription/update", g.object("subscriptionId", g.value(id), "policies", policies), g.bearer()}
	case 4:
		return step{"GET", "/v1/subscription/" + pick(g, strings.Trim(id, `"`), "x", "%00"), "", g.bearer()}
	default:
		return step{"GET", "/v1/subscription" + g.query("eventType", pick(g, "customer:changed", "customer:created")), "", g.bearer()}
	}
}

func (g *generator) action() step {
	date := func() string { return g.value(`"2026-01-02 03:04:05"`, `"2026-01-03 03:04:05"`, `"NULL"`, "null") }
	fields := []string{
		"campaignUuid", g.value(`"{{campaign}}"`), "publisherUuid", g.value(`"{{publisher}}"`), "actionCreatedAt", date(),
		"customerType", g.value(`"new"`, `"returning"`), "wideContact", date(), "contractNetValue", g.value("1.50", `"2,5"`, "10"),
	}
	if g.chance(2) {
		fields = []string{
			"actionUuid", g.value(fmt.Sprintf(`"{{action %d}}"`, g.IntN(30))), "wideContact", date(), "narrowContact", date(), "application", date(),
			"contract", date(), "contractNetValue", g.value("1.50", `"2.50"`, "10"), "contractCanceled", date(), "contractNominalValue", g.value("3"),
		}
	}
	s := step{"POST", "/api/v1/actions/{{advertiser}}", g.object(fields...), jsonHeader()}
	if g.chance(2) {
		form := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			form.Add(fields[i], strings.Trim(fields[i+1], `"`))
		}
		text := form.Encode()
		s.body, s.header["Content-Type"] = strings.NewReplacer("%7B%7B", "{{", "%7D%7D", "}}", "+", "%20").Replace(text), "application/x-www-form-urlencoded"
		s.body = strings.NewReplacer("{{action%20", "{{action ").Replace(s.body)
	}
	return s
}

func (g *generator) postback() step {
	stage := pick(g, "wideContact", "narrowContact", "application", "contract", "contractCanceled", "wide_contact", "x", "%00")
	return step{pick(g, "GET", "GET", "HEAD"), "/api/v1/postback/" + stage + fmt.Sprintf("/{{action %d}}", g.IntN(30)) +
		g.query("customer_type", "new", "contract_net_value", pick(g, "1.5", "2"), "contract_nominal_value", "3"), "", nil}
}

func (g *generator) click() step {
	return step{pick(g, "GET", "HEAD"), "/click/{{campaign}}/" + pick(g, "{{publisher}}", "{{publisher}}", "x") + g.query("sub1", "a", "sub2", "b", "sub5", "c"), "", nil}
}

// console asks for a list as a file, with hostile filters.
func (g *generator) console() step {
	list := pick(g, "/console/p/1/customers", "/console/p/1/leads", "/console/p/1/submissions", "/console/p/1/campaigns", "/console/publishers")
	query := g.query("q", pick(g, "ada", "BAKKERIJ", "Lovel", "1"), "source", pick(g, "opm", "dkhardware"), "from", "2026-01-01", "to", "2036-01-01",
		"stage", "contract", "range", "all", "status", "failed", "campaign", "1", "text", "a", "mark", "1", "before", g.number(), "after", "x", "uuid", "x")
	target := list + "?" + strings.TrimPrefix(strings.TrimPrefix(query, "?")+"&", "&") + "format=" + pick(g, "csv", "ndjson", "x")
	return step{"GET", target, "", map[string]string{"Cookie": "{{cookie}}"}}
}

func (g *generator) token() step {
	body := pick(g, "grant_type=client_credentials&client_id={{client}}&client_secret={{secret}}", "grant_type=password", "", "%zz",
		"grant_type=client_credentials&client_id={{client}}&client_secret={{secret}}&scope="+pick(g, "customers", "customers%20customers:create", "x", "%00"),
		"grant_type=client_credentials&client_id={{client}}&client_id={{client}}")
	return step{"POST", "/oauth/token", body, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
}
