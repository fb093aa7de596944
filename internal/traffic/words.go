package traffic

import "strings"

// documented are the names that the dialects' documents give to fields and parameters, in small letters. They may be shown:
// nobody's data stands in them.
var documented = words(`
	customerId customerEmail customerPhone customerFirstName customerLastName customerIP
	extCustomerId extCustomerNumber name enterpriseNumber address street streetNumber city postalCode country
	actionUuid campaignUuid publisherUuid advertiserUUID customerType wideContact narrowContact application contract
	contractNetValue contractNominalValue contractCanceled actionCreatedAt
	status action_uuid customer_type contract_net_value contract_nominal_value sub1 sub2 sub3 sub4 sub5
	createdAt updatedAt firstName lastName company phone altPhone fax email addresses addressId zip state address1 address2
	isDefaultBilling isDefaultShipping submissionId payload webhook url secret omitSecret eventType policies retry intervals
	requestTimeout subscriptionId value traceId
	createdFrom createdTo updatedFrom updatedTo cursor limit offset page pageSize sort order from to
	grant_type client_id client_secret scope access_token token_type apikey CustomerKey x-api-key Content-Type Content-Encoding
	Idempotency-Key body customers customers:create customers:update customers:status subscriptions subscriptions:edit
`)

// safeFields are fields with values that tell nothing of a person, as long as they look like one of theirs (isSafe).
var safeFields = words(`
	customerType customer_type status wideContact narrowContact application contract contractCanceled contractNetValue
	contractNominalValue contract_net_value contract_nominal_value actionCreatedAt createdAt updatedAt eventType intervals
	requestTimeout grant_type scope limit offset page pageSize createdFrom createdTo updatedFrom updatedTo
`)

// safeWords are the documented values of such fields.
var safeWords = exactly(`
	new returning existing individual business government military company client_credentials refresh_token password
	authorization_code customers customers:create customers:update customers:status subscriptions subscriptions:edit
	wide_contact narrow_contact application contract contract_canceled NULL null true false
	customer.created customer.updated customers.created customers.updated lead.created lead.updated
`)

// safeSegments are what the paths of the dialects are made of.
var safeSegments = exactly(`
	ping entry api customers v1 v2 postback actions click customer create update status oauth token subscription subscriptions
	customer.php wide_contact narrow_contact application contract contract_canceled
`)

func words(list string) map[string]bool { return exactly(strings.ToLower(list)) }

func exactly(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// known reports whether a name is documented, or a path of such names as errors have it: addresses[0].zip.
func known(name string) bool {
	for part := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r == '.' || r == '/' || r == '[' || r == ']' }) {
		isIndex := len(part) <= 3 && strings.Trim(part, "0123456789") == ""
		if !documented[part] && !isIndex {
			return documented[strings.ToLower(name)]
		}
	}
	return true
}
