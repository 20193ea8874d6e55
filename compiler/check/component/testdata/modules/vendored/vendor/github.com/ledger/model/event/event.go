// Package event lies in a vendor folder.
package event

type Ledger struct {
	Sequence uint32 `json:"sequence"`
}

func Closed(in Ledger) bool { return in.Sequence > 0 }
