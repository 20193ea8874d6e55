package codec

import "testing"

// Appending to a copy never writes into another one, nor into the original.
func TestCopyList(t *testing.T) {
	list := append(make([]string, 0, 9), "a", "b", "c")
	one, two := CopyList(list), CopyList(list)
	if cap(one) != len(list) {
		t.Errorf("the copy has room for %d", cap(one))
	}
	if x, y := append(one, "x"), append(one, "y"); x[3] != "x" || y[3] != "y" || &one[0] == &two[0] || &one[0] == &list[0] {
		t.Errorf("%q %q", x, y)
	}
	if CopyList[[]byte](nil) != nil || CopyList([]byte{}) == nil {
		t.Error("nil stays nil, and what is empty is there")
	}
}
