package jsonscan_test

import (
	"fmt"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// The fields that a pipeline reads are found in one walk, and decoded when they
// are asked for.
func Example() {
	payment := jsonscan.NewObject([]jsonscan.Field{
		{Name: "id", Index: 0},
		{Name: "amount", Index: 1},
		{Name: "asset", Index: 2, Fields: []jsonscan.Field{{Name: "code", Index: 3}}},
	})
	spans := make([]jsonscan.Span, payment.Width())
	var scratch jsonscan.Arena

	for _, line := range []string{
		`{"id":"p1","asset":{"code":"EUR","scale":2},"amount":12.5}`,
		`{"id":"p2","asset":null,"amount":"a lot"}`,
	} {
		record := []byte(line)
		if err := payment.Scan(record, spans); err != nil {
			fmt.Println(err)
			continue
		}
		scratch.Reset()
		if spans[2].IsObject(record) {
			code, err := jsonscan.String(record, spans[3], &scratch.Slab)
			fmt.Println(code, err)
		}
		amount, err := jsonscan.Float64(record, spans[1])
		fmt.Println(amount, err)
	}
	// Output:
	// EUR <nil>
	// 12.5 <nil>
	// 0 expected a number, found "a lot" (byte 33)
}

// A filter that needs one field of a long record leaves the rest unread.
func ExampleObject_Until() {
	event := jsonscan.NewObject([]jsonscan.Field{
		{Name: "type", Index: 0},
		{Name: "user", Index: 1, Phase: 1},
	})
	spans := make([]jsonscan.Span, event.Width())
	for _, line := range []string{
		`{"id":1,"type":"view","and":"so on","user":"u-7"}`,
		`{"id":2,"type":"click","and":"so on","user":"u-8"}`,
	} {
		record := []byte(line)
		event.Start(record, spans)
		if _, err := event.Until(0, record, spans); err != nil {
			fmt.Println(err)
			continue
		}
		if kind, _ := jsonscan.Enum(record, spans[0], []string{"view", "click"}); kind != 1 {
			continue
		}
		_, err := event.Until(1, record, spans)
		fmt.Printf("%s %v\n", spans[1].Of(record), err)
	}
	// Output:
	// "u-8" <nil>
}

// Members are changed in place; what nobody changes keeps its bytes.
func ExampleSplice() {
	o := jsonscan.NewObject([]jsonscan.Field{
		{Name: "msg", Index: 0},
		{Name: "ssn", Index: 1},
		{Name: "tier", Index: 2},
	})
	spans := make([]jsonscan.Span, o.Width())
	record := []byte(`{"id": 7, "ssn": "123", "msg": "call me", "x": [1, 2]}`)
	if err := o.Scan(record, spans); err != nil {
		fmt.Println(err)
		return
	}
	out := jsonscan.Splice(nil, record, []jsonscan.Edit{
		{At: spans[0], Value: []byte(`"***"`)},
		{At: spans[1]},
		{At: spans[2], Key: `"tier":`, Value: []byte(`"gold"`)},
	})
	fmt.Printf("%s\n", out)
	// Output:
	// {"id": 7, "msg": "***", "x": [1, 2],"tier":"gold"}
}

// A list is read element by element, without memory of its own.
func ExampleArray() {
	line := []byte(`[3, 4, "five"]`)
	sum := int64(0)
	list := jsonscan.Array(line, jsonscan.Span{End: uint32(len(line))})
	for list.Next() {
		n, err := jsonscan.Int64(line, list.Value())
		if err != nil {
			fmt.Println(err)
			continue
		}
		sum += n
	}
	fmt.Println(sum, list.Err())
	// Output:
	// expected an integer, found "five" (byte 7)
	// 7 <nil>
}
