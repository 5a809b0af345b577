# A careful proxy, one request a connection. What stands in the file `fault` beside it makes it
# careless in one way: tunnel, length, trailer or preamble.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my $folder = '/etc/nginx';
my $header = 'x-up-calling-line-id';
my $fault = slurp("$folder/fault");
my %agreed = map { /^(\S+) yes (\d+)/ ? ($1 => $2) : () } split /\n/, slurp("$folder/subscribers.list");

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
if (my $other = fork) { serve(8080) } else { serve(80) }

sub slurp {
    open my $file, '<', shift or die $!;
    local $/;
    my $text = <$file> // '';
    $text =~ s/\s+\z//;
    return $text;
}

sub serve {
    my $door = IO::Socket::INET->new(LocalPort => shift, Listen => 512, ReuseAddr => 1) or die $!;
    while (1) {
        my $handset = $door->accept or next;
        if (!fork) { eval { handle($handset, $handset->peerhost) }; exit 0 }
        close $handset;
    }
}

sub refuse {
    my ($handset) = @_;
    syswrite $handset, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    die "refused";
}

sub handle {
    my ($handset, $peer) = @_;
    my $buffer = '';
    more($handset, \$buffer) until $buffer =~ /\r\n\r\n/;
    $peer = $1 if $fault eq 'preamble' && $buffer =~ s/\APROXY TCP4 (\S+) [^\r]*\r\n//;
    $buffer =~ s/\A(.*?\r\n)((?:.*?\r\n)*?)\r\n//s or refuse($handset);
    my ($line, @fields) = ($1, split /\r\n/, $2);
    my ($method, $target) = $line =~ m{\A([A-Z]+) (\S+) HTTP/1\.[01]\r\n\z} or refuse($handset);
    return tunnel($handset, $peer, $target, $buffer) if $method eq 'CONNECT';
    for (@fields) { refuse($handset) unless /\A[!#-'*+.0-9A-Z^_`a-z|~-]+:[\t\x20-\x7e\x80-\xff]*\z/ }
    my @hosts = values_of('host', @fields);
    refuse($handset) unless @hosts == 1;
    my ($host, $path) = $target =~ m{\A/} ? ($hosts[0], $target)
        : $target =~ m{\Ahttp://([^/]+)(/.*)\z} ? ($1, $2) : refuse($handset);
    $host =~ m{\A([A-Za-z0-9._-]+?)\.?(?::80)?\z} or refuse($handset);
    $host = lc $1;
    my $body = body($handset, \$buffer, @fields);
    @fields = grep { !/\A(?:host|connection|x[-_]up[-_]calling[-_]line[-_]id):/i } @fields;
    unshift @fields, "Host: $host", 'Connection: close';
    push @fields, "$header: $agreed{$peer}" if $host eq 'premium.example' && $agreed{$peer};
    my $site = IO::Socket::INET->new(PeerAddr => $host, PeerPort => 80) or refuse($handset);
    send_all($site, join("\r\n", "$method $path HTTP/1.1", @fields, '', '') . $body);
    relay($handset, $site);
}

sub values_of {
    my ($name, @fields) = @_;
    return map { /\A\Q$name\E:[ \t]*(.*?)[ \t]*\z/i ? $1 : () } @fields;
}

sub body {
    my ($handset, $buffer, @fields) = @_;
    my @lengths = values_of('content-length', @fields);
    my @codings = values_of('transfer-encoding', @fields);
    refuse($handset) if @lengths > 1 || @codings > 1 || grep { !/\A\d+\z/ } @lengths;
    refuse($handset) if grep { lc ne 'chunked' } @codings;
    refuse($handset) if @lengths && @codings && $fault ne 'length';
    return taken($handset, $buffer, $lengths[0]) if @lengths;
    return @codings ? chunks($handset, $buffer) : '';
}

sub taken {
    my ($handset, $buffer, $size) = @_;
    more($handset, $buffer) while length $$buffer < $size;
    return substr $$buffer, 0, $size, '';
}

sub chunks {
    my ($handset, $buffer) = @_;
    my $body = '';
    while (1) {
        more($handset, $buffer) until $$buffer =~ /\n/;
        $$buffer =~ s/\A([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n// or refuse($handset);
        my $size = hex $1;
        last unless $size;
        $body .= sprintf("%x\r\n", $size) . taken($handset, $buffer, $size) . "\r\n";
        taken($handset, $buffer, 2) eq "\r\n" or refuse($handset);
    }
    more($handset, $buffer) until $$buffer =~ s/\A((?:[^\r\n]+\r\n)*)\r\n//;
    return $body . "0\r\n" . ($fault eq 'trailer' ? $1 : '') . "\r\n";
}

sub tunnel {
    my ($handset, $peer, $target, $begun) = @_;
    $target =~ /\A([a-z0-9._-]+):(\d+)\z/ or refuse($handset);
    my $site = IO::Socket::INET->new(PeerAddr => $1, PeerPort => $2) or refuse($handset);
    send_all($handset, "HTTP/1.1 200 Connected\r\n\r\n");
    send_all($site, "CALLER $agreed{$peer}\r\n") if $fault eq 'tunnel' && $agreed{$peer};
    send_all($site, $begun);
    relay($handset, $site);
}

sub relay {
    my ($handset, $site) = @_;
    my %other = ($handset => $site, $site => $handset);
    my $both = IO::Select->new($handset, $site);
    while (my @ready = $both->can_read(5)) {
        for my $from (@ready) {
            sysread($from, my $part, 65536) or return;
            send_all($other{$from}, $part);
        }
    }
}

sub more {
    my ($from, $buffer) = @_;
    sysread($from, $$buffer, 65536, length $$buffer) or die 'gone';
}

sub send_all {
    my ($to, $data) = @_;
    while (length $data) {
        my $sent = syswrite($to, $data) or die 'gone';
        substr $data, 0, $sent, '';
    }
}
