#!/bin/sh
# Makes the seeds of the key targets anew, with OpenSSL 3 and ssh-keygen 9: small keys, and key derivation of one round,
# so that an input costs little. A folder is a format of KEY_FORMATS; what is PEM elsewhere is DER here. The passphrase is
# "wherry".
set -eu
cd "$(dirname "$0")"
rm -rf -- key-*
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir key-openssh key-pkcs1 key-sec1 key-dsa key-pkcs8 key-pkcs8-encrypted key-legacy-pem key-pkcs12 key-x509 key-pkcs7 \
  key-spki key-ssh-public key-ssh-blob key-rfc4716

openssl genpkey -algorithm ed25519 -out "$work/ed25519"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$work/rsa"
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 \
  -out "$work/dsaparam"
openssl genpkey -paramfile "$work/dsaparam" -out "$work/dsa"

for type in ed25519 ec rsa dsa; do
  openssl pkcs8 -topk8 -nocrypt -in "$work/$type" -outform DER -out "key-pkcs8/$type"
  openssl pkey -in "$work/$type" -pubout -outform DER -out "key-spki/$type"
done
openssl rsa -in "$work/rsa" -traditional -outform DER -out key-pkcs1/rsa
openssl rsa -in "$work/rsa" -RSAPublicKey_out -outform DER -out key-spki/rsa-public
openssl ec -in "$work/ec" -outform DER -out key-sec1/ec
openssl dsa -in "$work/dsa" -outform DER -out key-dsa/dsa
openssl rsa -in "$work/rsa" -traditional -aes128 -passout pass:wherry -out key-legacy-pem/rsa-aes
openssl ec -in "$work/ec" -des3 -passout pass:wherry -out key-legacy-pem/ec-3des
for scheme in '-v2 aes256' '-v2 des3 -v2prf hmacWithSHA1' '-v1 PBE-SHA1-3DES' '-v1 PBE-SHA1-RC2-40 -provider legacy -provider default' \
  '-v1 PBE-MD5-DES -provider legacy -provider default' '-scrypt -scrypt_N 2 -scrypt_r 1 -scrypt_p 1'; do
  iter='-iter 1'
  case $scheme in *scrypt*) iter='' ;; esac
  # shellcheck disable=SC2086
  openssl pkcs8 -topk8 -in "$work/ed25519" $scheme $iter -passout pass:wherry -outform DER \
    -out "key-pkcs8-encrypted/$(echo "$scheme" | tr -cd 'a-zA-Z0-9' | cut -c1-16)"
done

openssl req -x509 -new -key "$work/ec" -days 36500 -subj '/C=DE/O=W/CN=h.example/emailAddress=a@b.c' \
  -addext 'subjectAltName=DNS:h.example,IP:127.0.0.1,email:a@b.c,URI:x:y' -addext 'extendedKeyUsage=serverAuth,1.2.3.4' \
  -addext 'keyUsage=digitalSignature,keyCertSign' -out "$work/cert"
openssl req -x509 -new -key "$work/rsa" -days 36500 -subj '/CN=b' -out "$work/cert2"
openssl x509 -in "$work/cert" -outform DER -out key-x509/ec
openssl x509 -in "$work/cert2" -outform DER -out key-x509/rsa
openssl crl2pkcs7 -nocrl -certfile "$work/cert" -certfile "$work/cert2" -outform DER -out key-pkcs7/two
openssl pkcs12 -export -inkey "$work/ec" -in "$work/cert" -name n -iter 1 -nomaciter -passout pass:wherry \
  -out key-pkcs12/aes
openssl pkcs12 -export -inkey "$work/ec" -in "$work/cert" -name n -iter 1 -nomaciter -passout pass:wherry \
  -legacy -out key-pkcs12/legacy
openssl pkcs12 -export -inkey "$work/ec" -in "$work/cert" -keypbe NONE -certpbe NONE -nomac -passout pass: \
  -out key-pkcs12/plain

for type in ed25519 ecdsa rsa; do
  bits=''
  case $type in ecdsa) bits='-b 256' ;; rsa) bits='-b 1024' ;; esac
  # shellcheck disable=SC2086
  ssh-keygen -q -t $type $bits -N '' -C "a comment" -f "$work/ssh-$type"
  sed '/-----/d' "$work/ssh-$type" | base64 -d >"key-openssh/$type"
  cp "$work/ssh-$type.pub" "key-ssh-public/$type"
  cut -d' ' -f2 "$work/ssh-$type.pub" | base64 -d >"key-ssh-blob/$type"
  ssh-keygen -e -f "$work/ssh-$type" >"key-rfc4716/$type"
done
ssh-keygen -q -s "$work/ssh-ed25519" -I id -n a,b -V -1d:+1d -O force-command=x -z 7 "$work/ssh-ecdsa.pub"
cp "$work/ssh-ecdsa-cert.pub" key-ssh-public/certificate
cut -d' ' -f2 "$work/ssh-ecdsa-cert.pub" | base64 -d >key-ssh-blob/certificate
