package manifest

import (
	"encoding/json"
	"testing"
)

func TestPatch(t *testing.T) {
	type limits struct {
		Memory string `json:"memory"`
		CPU    string `json:"cpu,omitempty"`
	}
	type service struct {
		Image  string   `json:"image"`
		Caps   []string `json:"caps"`
		Limits limits   `json:"limits"`
		Alone  bool     `json:"alone"`
	}
	v := service{"a:1", []string{"ALL"}, limits{Memory: "64M"}, true}
	for _, c := range []struct{ over, want string }{
		{`{}`, `{"image":"a:1","caps":["ALL"],"limits":{"memory":"64M"},"alone":true}`},
		{`{"z":1,"b":[1,{"c":2}],"image":"a:2"}`, `{"image":"a:2","caps":["ALL"],"limits":{"memory":"64M"},"alone":true,"b":[1,{"c":2}],"z":1}`},
		{`{"caps":null,"nothing":null}`, `{"image":"a:1","limits":{"memory":"64M"},"alone":true}`},
		{`{"limits":{"cpu":"1","memory":null}}`, `{"image":"a:1","caps":["ALL"],"limits":{"cpu":"1"},"alone":true}`},
		{`{"caps":{"add":{"x":1,"y":null}},"limits":3}`, `{"image":"a:1","caps":{"add":{"x":1}},"limits":3,"alone":true}`},
	} {
		var over map[string]any
		if err := json.Unmarshal([]byte(c.over), &over); err != nil {
			t.Fatal(err)
		}
		got, err := Patch(v, over)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.want {
			t.Errorf("%s gives\n%s and not\n%s", c.over, got, c.want)
		}
	}
}
