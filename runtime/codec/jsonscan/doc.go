// Package jsonscan finds the few values that a program needs in a JSON record
// and turns them into Go values, without decoding the rest.
//
// The idea: records of one stream repeat themselves. Between two values stands
// the same text nearly every time (`,"amount":`), so an [Object] remembers what
// text followed which value and compares eight bytes at a time instead of
// parsing. A match proves as much as a parse would, because the text was parsed
// when it was learned. Text that was not seen before is parsed, then
// remembered. What a scan leaves behind is a [Span] for each wanted field: where
// its raw value lies in the record. Decoders ([Int64], [String], [Time], …) read
// a value from its span when the program asks for it, and writers (AppendString,
// AppendTime, …) are their counterparts.
//
// How much of a record is checked is the caller's choice:
//
//   - structural ([Object.Scan]): nesting and strings delimit, keys, colons and
//     commas of the projected objects are where they belong, wanted fields
//     occur once, nothing follows the record. Values that nobody wants are
//     delimited, not validated.
//   - needed ([Object.Start], [Object.Until]): stops as soon as it has the
//     fields that it was asked for, and can go on from there.
//   - full ([Object.ScanFull]): refuses all that encoding/json/v2 refuses by
//     default.
//
// What a decoder returns is what encoding/json/v2 gives for that Go type, or an
// [*Error] that says where in the record and why.
package jsonscan
