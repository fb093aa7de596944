package transfer
import ("testing";"time")
func TestZZ(t *testing.T){
 s:=time.Now(); a:=newSQLite(t); t.Log("sqlite", time.Since(s)); s=time.Now()
 fill(t,a); t.Log("fill", time.Since(s)); s=time.Now()
 b:=newSQLite(t); t.Log("sqlite", time.Since(s)); s=time.Now()
 mustCopy(t,a,b); t.Log("copy", time.Since(s)); s=time.Now()
 c:=newPostgres(t); t.Log("pg", time.Since(s)); s=time.Now()
 mustCopy(t,a,c); t.Log("copy", time.Since(s)); s=time.Now()
}
