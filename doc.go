// Package clientele is the language of the product: customers and leads that partners send, the projects they
// belong to, the credentials that let partners in, and the writes, changes, submissions and events in between.
//
// It knows no wire format, no SQL and no library but the standard one. What a write does to a customer or a lead is
// decided here too ([Batch]), so that every store decides alike; a store only loads rows, hands them in, and keeps
// what comes out.
package clientele
