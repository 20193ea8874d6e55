package diag

var graphCodes = []Info{}
