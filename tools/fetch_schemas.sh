#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the published schemas of ALTO 4.4 and PAGE XML 2019-07-15 from those who publish them. They are not part
# of this repository: their licences are their own. With them, lectio_exports_test holds what is written against them:
#
#   tools/fetch_schemas.sh FOLDER; LECTIO_SCHEMAS=FOLDER build/dev/lectio_exports_test --gtest_filter='*Published*'
set -euo pipefail

folder=${1:?usage: tools/fetch_schemas.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
command -v curl >/dev/null || { echo "fetch_schemas: curl is needed" >&2; exit 1; }

xlink=http://www.loc.gov/standards/xlink/xlink.xsd # as alto-4-4.xsd imports it
while read -r name address; do
  curl -fsSL --retry 2 -o "$folder/$name.part" "$address" || { echo "fetch_schemas: $address" >&2; exit 1; }
  mv "$folder/$name.part" "$folder/$name"
done <<END
alto-4-4.xsd https://www.loc.gov/standards/alto/v4/alto-4-4.xsd
pagecontent.xsd https://www.primaresearch.org/schema/PAGE/gts/pagecontent/2019-07-15/pagecontent.xsd
xlink.xsd ${xlink/http:/https:}
END

# So that no validator goes to the network for what is here.
cat >"$folder/catalog.xml" <<END
<?xml version="1.0"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <system systemId="$xlink" uri="xlink.xsd"/>
  <uri name="$xlink" uri="xlink.xsd"/>
</catalog>
END
echo "fetch_schemas: $folder"
