package scan

import "bytes"

// A Row is what W2 gives for one line, for tables: texts between their quotes,
// escapes as they are. It is good until the next call.
type Row struct{ ID, At, Account, Counterparty, Amount, Fee []byte }

// Row gives what W2 gives for one line; false where the filter says no.
func (p *Payments) Row(line []byte) (Row, bool, error) {
	if err := p.walker.Line(line); err != nil {
		return Row{}, false, err
	}
	v := p.walker.Values
	if !bytes.Equal(v[payType].Of(line), payment) {
		return Row{}, false, nil
	}
	fee, keep, err := feeOf(line, v)
	if !keep || err != nil {
		return Row{}, false, err
	}
	var texts [len(textFields)][]byte
	for i, field := range textFields {
		var ok bool
		if texts[i], ok = v[field].Text(line); !ok {
			return Row{}, false, ErrMissing
		}
	}
	p.fee = fee.Append(p.fee[:0])
	return Row{texts[0], texts[1], texts[2], texts[3], texts[4], p.fee}, true, nil
}

// textFields are the fields of a row in their order, but for the fee.
var textFields = [...]int{payID, payAt, payAccount, payCounterparty, payAmount}
