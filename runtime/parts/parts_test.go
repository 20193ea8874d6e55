package parts

import "testing"

func TestParts(t *testing.T) {
	state := "starts"
	removeB := Add(func() Part { return Part{Name: "b", State: state} })
	removeA := Add(func() Part { return Part{Name: "a", PID: 7, State: "runs"} })
	state = "runs"
	all := All()
	if len(all) != 2 || all[0] != (Part{Name: "a", PID: 7, State: "runs"}) || all[1].State != "runs" {
		t.Errorf("%+v", all)
	}
	removeA()
	removeA()
	removeB()
	if all := All(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}
