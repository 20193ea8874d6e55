package manifest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvOption(t *testing.T) {
	var e Env
	if err := json.Unmarshal([]byte(`{"A":"x\ny","B":10,"C":1.50,"D":true,"E":""}`), &e); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Env{"A": "x\ny", "B": "10", "C": "1.50", "D": "true", "E": ""}, e); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{"A":[1]}`, `{"A":{}}`, `{"A":null}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &e); err == nil {
			t.Errorf("%s is taken: %v", bad, e)
		}
	}
}
