package pricing

import "github.com/ledger/model/event"

func Keep(in event.Ledger) bool { return event.Closed(in) }
